package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/onnx"
)

const network = "../../../compute/nn/testdata/tasks/batch-1.json"

func TestModel(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--config", network}, "digraph model {"},
		{[]string{"--config", network, "--svg"}, "<svg "},
		{[]string{"--config", "../../../compute/nn/testdata/tasks/dropout-1.json"}, "dropout not drawn"},
	} {
		var out, diagnostics bytes.Buffer
		if err := run(append([]string{"model"}, test.args...), nil, &out, &diagnostics); err != nil {
			t.Fatalf("model %v: %v", test.args, err)
		}
		if got := out.String(); !strings.Contains(got, test.want) || !strings.Contains(got, " parameters, ") {
			t.Errorf("model %v = %.200s, want %q and the parameters", test.args, got, test.want)
		}
	}
}

// A node's configuration is no network, and the error says what is.
func TestModelOfNode(t *testing.T) {
	var out, diagnostics bytes.Buffer
	err := run([]string{"model", "--config", "../../../examples/temperature/node.json"}, nil, &out, &diagnostics)
	if err == nil || !strings.Contains(err.Error(), "a node's configuration") || !strings.Contains(err.Error(), "compute/nn/testdata/tasks") {
		t.Errorf("model of a node's configuration = %v", err)
	}
}

// An ONNX file is a starting point: its layers are printed as a configuration, which --config takes again.
func TestModelOfONNX(t *testing.T) {
	g := onnx.New("drawn elsewhere")
	x := g.Input("x", onnx.Float, []int{-1, 2}, "")
	h := g.Do("Tanh", g.Do("Add", g.Do("MatMul", x, g.Floats([]float32{1, 2, 3, 4, 5, 6}, 2, 3)), g.Floats([]float32{1, 2, 3}, 3)))
	g.Output("y", g.Do("MatMul", h, g.Floats([]float32{1, 2, 3}, 3, 1)), onnx.Float, []int{-1, 1}, "")
	dir := t.TempDir()
	file, config := filepath.Join(dir, "net.onnx"), filepath.Join(dir, "net.json")
	if err := os.WriteFile(file, g.Model("test", "1", ""), 0o600); err != nil {
		t.Fatal(err)
	}
	print := func(args ...string) string {
		var out, diagnostics bytes.Buffer
		if err := run(append([]string{"model"}, args...), nil, &out, &diagnostics); err != nil {
			t.Fatalf("model %v: %v", args, err)
		}
		return out.String()
	}
	said := print("--config", file, "--genome")
	if err := os.WriteFile(config, []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
	drawn := print("--config", file)
	if again := print("--config", config); again != drawn || !strings.Contains(drawn, "13 parameters, 9 multiply-adds") || !strings.Contains(said, `"tanh"`) {
		t.Errorf("the layers of an ONNX file:\n%s\ndrawn as\n%s\nand again as\n%s", said, drawn, again)
	}
}

func TestModelRefuses(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"genome": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"--config", bad}, {"--config", bad + ".missing"}, {"--config", network, "more"}} {
		var out, diagnostics bytes.Buffer
		if err := run(append([]string{"model"}, args...), nil, &out, &diagnostics); err == nil || out.Len() > 0 {
			t.Errorf("model %v = %v with %d bytes of output, want an error and none", args, err, out.Len())
		}
	}
}
