package quality

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"doin.network/node/internal/canon"
)

const (
	setsFile    = "sets.json"
	anchorsFile = "anchors.csv"
)

// Kinds of sets.
const (
	Forecast = "forecast"
	Tabular  = "tabular"
)

// set is one of sets.json.
type set struct {
	name        string
	Task        string   `json:"task"` // forecast, classification or regression
	File        string   `json:"file"`
	TestFile    string   `json:"test_file"`
	Time        string   `json:"time_column"`
	Value       string   `json:"value_column"`
	Target      string   `json:"target_column"`
	Categorical []string `json:"categorical_columns"`
	Horizons    []int    `json:"horizons"`
	Period      int      `json:"period"` // for the anchors; the worker finds its own
	Rows        int      `json:"rows"`
	RowsTest    int      `json:"rows_test"`
	Origin      string   `json:"origin"`
	Licence     string   `json:"licence"`
}

func (s *set) kind() string {
	if s.Task == Forecast {
		return Forecast
	}
	return Tabular
}

// metric names the error that is compared, as the worker's metrics do.
func (s *set) metric() string {
	if s.Task == "classification" {
		return "cross_entropy"
	}
	return "mae"
}

// anchorMetric is what anchors.csv calls it.
func (s *set) anchorMetric(horizon int) string {
	if s.kind() == Forecast {
		return fmt.Sprintf("test_mae_h%d", horizon)
	}
	return "test_" + s.metric()
}

// horizons are those to measure; 0 is a table's.
func (s *set) horizons() []int {
	if s.kind() == Forecast {
		return s.Horizons
	}
	return []int{0}
}

// validationShare is the share of all rows of a table that validates in each fold.
const validationShare = 0.15

// config is what the domain of the set is configured with.
func (s *set) config(dir string, horizon int) *canon.Object {
	o := canon.NewObject("data", filepath.Join(dir, s.File))
	if s.kind() == Forecast {
		return o.Set("time_column", s.Time).Set("value_column", s.Value).Set("horizon", horizon).Set("models", []string{"mlp"})
	}
	o.Set("task", s.Task).Set("target_column", s.Target).Set("test_data", filepath.Join(dir, s.TestFile))
	if s.RowsTest > 0 && s.RowsTest < s.Rows {
		o.Set("validation_fraction", validationShare*float64(s.Rows)/float64(s.Rows-s.RowsTest))
	}
	if len(s.Categorical) > 0 {
		o.Set("categorical_columns", s.Categorical)
	}
	return o
}

// loadSets reads sets.json in the order of the file and keeps those that are named, by name or by kind.
func loadSets(dir string, only []string) ([]*set, error) {
	data, err := os.ReadFile(filepath.Join(dir, setsFile))
	if err != nil {
		return nil, err
	}
	object, err := canon.ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setsFile, err)
	}
	var out []*set
	unknown := slices.Clone(only)
	for name, v := range object.All() {
		s := &set{name: name}
		if err := json.Unmarshal(canon.Default(v), s); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", setsFile, name, err)
		}
		if err := s.validate(); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", setsFile, name, err)
		}
		words := []string{name, s.kind(), s.Task}
		if len(only) == 0 || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(only, w) }) {
			out = append(out, s)
		}
		unknown = slices.DeleteFunc(unknown, func(w string) bool { return slices.Contains(words, w) })
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("no such set: %s: %s has %s", strings.Join(unknown, ", "), setsFile, strings.Join(object.Keys(), ", "))
	}
	return out, nil
}

func (s *set) validate() error {
	if s.File == "" {
		return errors.New("file: missing")
	}
	switch s.Task {
	case Forecast:
		if len(s.Horizons) == 0 || slices.Min(s.Horizons) < 1 {
			return fmt.Errorf("horizons %v: must be 1 and more", s.Horizons)
		}
	case "classification", "regression":
		if s.TestFile == "" {
			return errors.New("test_file: missing")
		}
	default:
		return fmt.Errorf("task %q: must be forecast, classification or regression", s.Task)
	}
	return nil
}

// anchors are errors by set, metric and method.
type anchors map[string]map[string]map[string]float64

// of returns those of a set and horizon, empty where there are none.
func (a anchors) of(s *set, horizon int) map[string]float64 {
	return a[s.name][s.anchorMetric(horizon)]
}

func (a anchors) add(set, metric, method string, value float64) {
	if a[set] == nil {
		a[set] = map[string]map[string]float64{}
	}
	if a[set][metric] == nil {
		a[set][metric] = map[string]float64{}
	}
	a[set][metric][method] = value
}

// loadAnchors reads anchors.csv; a directory without it has none.
func loadAnchors(dir string) (anchors, error) {
	f, err := os.Open(filepath.Join(dir, anchorsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return anchors{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a := anchors{}
	return a, a.read(f)
}

// read adds what a table set,metric,method,value,… says.
func (a anchors) read(r io.Reader) error {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", anchorsFile, err)
	}
	for i, row := range rows {
		if i == 0 {
			if len(row) < 4 || row[0] != "set" || row[1] != "metric" || row[2] != "method" || row[3] != "value" {
				return fmt.Errorf("%s: header %v: want set, metric, method, value", anchorsFile, row)
			}
			continue
		}
		v, err := strconv.ParseFloat(row[3], 64)
		if err != nil || !(v >= 0 || strings.HasSuffix(row[1], "r2")) {
			return fmt.Errorf("%s: line %d: value %q", anchorsFile, i+1, row[3])
		}
		a.add(row[0], row[1], row[2], v)
	}
	return nil
}

// lowest returns the method of the smallest error, of equals the first by name; "" of none.
func lowest(list map[string]float64) (method string) {
	for _, name := range sorted(list) {
		if method == "" || cmp.Less(list[name], list[method]) {
			method = name
		}
	}
	return method
}

func sorted(list map[string]float64) []string {
	var names []string
	for name := range list {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
