package live

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// decode reads what Columns writes, as the page does.
func decode(t *testing.T, data []byte) (head map[string]any, columns map[string][]float64) {
	t.Helper()
	n := int(binary.LittleEndian.Uint32(data))
	if err := json.Unmarshal(data[8:8+n], &head); err != nil {
		t.Fatal(err)
	}
	at, columns := 8+n, map[string][]float64{}
	for _, c := range head["columns"].([]any) {
		c := c.(map[string]any)
		count, size := int(c["count"].(float64)), map[string]int{"f64": 8, "f32": 4, "u16": 2, "u8": 1}[c["type"].(string)]
		if at%8 != 0 {
			t.Fatalf("column %s begins at %d", c["name"], at)
		}
		values := make([]float64, count)
		for i := range values {
			b := data[at+i*size:]
			switch size {
			case 8:
				values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b))
			case 4:
				values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
			case 2:
				values[i] = float64(binary.LittleEndian.Uint16(b))
			default:
				values[i] = float64(b[0])
			}
		}
		columns[c["name"].(string)] = values
		at += (count*size + 7) / 8 * 8
	}
	if at != len(data) {
		t.Fatalf("%d bytes, the columns have %d", len(data), at)
	}
	delete(head, "columns")
	return head, columns
}

func TestColumns(t *testing.T) {
	c := &Columns{Head: map[string]any{"k": "é"}}
	c.F64("a", []float64{1, math.Pi, -2})
	c.U8("b", []uint8{1, 2, 255})
	c.F32("c", []float64{0.5})
	c.U16("d", []uint16{65535, 0, 3, 4, 5})
	c.F64("e", nil)
	data, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	head, columns := decode(t, data)
	want := map[string][]float64{"a": {1, math.Pi, -2}, "b": {1, 2, 255}, "c": {0.5}, "d": {65535, 0, 3, 4, 5}, "e": {}}
	if head["k"] != "é" || !reflect.DeepEqual(columns, want) {
		t.Errorf("read back %v %v, want %v", head, columns, want)
	}
}

func TestFlat(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var got []string
		flat(text, func(name string, number bool, v float64, s string) {
			if number {
				s = fmt.Sprint(v)
			}
			got = append(got, name+"="+s)
		})
		if g := strings.Join(got, " "); g != want {
			t.Errorf("flat(%s) = %s, want %s", text, g, want)
		}
	}
	f(`{"a": 1, "b": -2.5e-3, "c": "tcn", "d": true, "e": null}`, "a=1 b=-0.0025 c=tcn d=true")
	f(`{"model": "mlp", "genome": {"x": 1, "deep": {"y": "z"}}}`, "model=mlp x=1 deep.y=z")
	f(`{"list": [1, {"a": [2]}, "]"], "after": 3}`, "after=3")
	f(`{}`, "")
	f(``, "")
	f(`{"a": 1`, "a=1")
	f(`{"a`, "")
	f(`[1]`, "")
	f(strings.Repeat(`{"a":`, 40)+"1", "")
	f(`{"q\"uote": 1, "b": 2}`, `q\"uote=1 b=2`)
}

func FuzzFlat(f *testing.F) {
	f.Add(`{"a": [1, {"b": "c\\"}], "d": -1e9}`)
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		flat(text, func(string, bool, float64, string) { n++ })
		if n > len(text) {
			t.Errorf("flat(%q) found %d members", text, n)
		}
	})
}

// TestWeigh: a forest tells the parameters that make the score from those that do not, whatever the scale, words too.
func TestWeigh(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	words := []string{"relu", "tanh", "gelu"}
	b := builder{sample: &sample{}, at: map[string]int{}}
	for range 4000 {
		x, y, z, w := r.Float64(), r.Float64(), math.Exp(8*r.Float64()), r.IntN(3)
		score := 4*(x-0.3)*(x-0.3) + 0.8*math.Log(z)/8 + 0.01*r.NormFloat64()
		if w == 1 {
			score += 0.5
		}
		b.add(score, fmt.Sprintf(`{"genome": {"noise": %v, "square": %v, "scale": %v, "word": %q, "same": 1}}`, y, x, z, words[w]))
	}
	b.finish()
	if len(b.names) != 4 {
		t.Fatalf("parameters that differ: %q, want 4", b.names)
	}
	got := b.weigh()
	share := map[string]Importance{}
	sum := 0.0
	for _, i := range got {
		share[i.Name] = i
		sum += i.Share
	}
	if math.Abs(sum-1) > 1e-3 {
		t.Errorf("shares add up to %v, want 1", sum)
	}
	for _, name := range []string{"square", "scale", "word"} {
		if share[name].Share < 5*share["noise"].Share || share[name].Share < 0.05 {
			t.Errorf("share of %s = %v, of noise %v", name, share[name].Share, share["noise"].Share)
		}
	}
	if rank := share["scale"].Rank; rank < 0.2 {
		t.Errorf("rank of scale = %v, want above 0.2", rank)
	}
	if again := b.weigh(); !reflect.DeepEqual(got, again) {
		t.Error("the same sample gives other importances")
	}
}

func TestBuckets(t *testing.T) {
	b := busy{lanes: map[string]*lane{}}
	total := 0.0
	for i := range 20_000 { // an hour of trainings of half a second, four at a time: the buckets are halved
		b.add("d", 1e9+float64(i)*0.18, 0.5, false)
		total += 0.5
	}
	l := b.lanes["d"]
	if len(l.seconds) > mostBuckets {
		t.Errorf("%d buckets, want at most %d", len(l.seconds), mostBuckets)
	}
	sum := l.between(l.start, l.start+1e9)
	if math.Abs(sum-total) > 2 { // the first trainings began before the lane
		t.Errorf("busy seconds = %v, want about %v", sum, total)
	}
	if half := l.between(l.start, l.start+1800); math.Abs(half-total/2) > 2 {
		t.Errorf("busy seconds of half the time = %v, want about %v", half, total/2)
	}
	for i := range 2 * mostLanes {
		b.add(fmt.Sprint(i), 1e9, 1, true)
	}
	if len(b.lanes) > mostLanes+1 {
		t.Errorf("%d lanes, want at most %d and the others", len(b.lanes), mostLanes)
	}
}
