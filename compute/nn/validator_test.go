package nn

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// changes calls f for configurations that differ from c in one number or name, and ends with c itself.
func changes(c Config, f func(c Config)) {
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		switch v.Kind() {
		case reflect.Struct:
			for n := range v.NumField() {
				walk(v.Field(n))
			}
			return
		case reflect.Slice:
			for n := range v.Len() {
				walk(v.Index(n))
			}
			if v.Len() > 0 {
				v.Set(v.Slice(0, v.Len()-1))
				f(c)
			}
		case reflect.Int:
			for _, by := range []int64{1, 7, MaxWidth} {
				v.SetInt(was.Int() + by)
				f(c)
			}
		case reflect.Float32:
			v.SetFloat(was.Float() + 0.125)
			f(c)
		case reflect.String:
			for _, s := range []string{string(None), string(GELU), string(Dense), string(Conv1D), "?"} {
				v.SetString(s)
				f(c)
			}
		default:
			panic(fmt.Sprintf("a field of kind %s", v.Kind()))
		}
		v.Set(was)
	}
	c.Hidden, c.Layers = slices.Clone(c.Hidden), slices.Clone(c.Layers)
	walk(reflect.ValueOf(&c).Elem())
	f(c)
}

// TestValidator asks one Validator about configurations that differ in one field each: it says of each what Task.Validate
// says, and does not remember them all.
func TestValidator(t *testing.T) {
	var v Validator
	valid, most := 0, 0
	for seed := range uint64(120) {
		task := randomTask(seed)
		changes(task.Config, func(c Config) {
			changed := task
			changed.Config = c
			got, want := v.Validate(&changed), changed.Validate()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("Validator.Validate() = %v, Task.Validate() = %v: %+v", got, want, c)
			}
			if want == nil {
				valid++
				if got, want := v.size(&c), c.size(); got != want {
					t.Errorf("size %+v, want %+v: %+v", got, want, c)
				}
			}
			most = max(most, len(v.sizes))
		})
	}
	if valid < 500 || most < maxSizes || most > maxSizes {
		t.Errorf("%d valid configurations, %d sizes remembered, want more than 500, and %d", valid, most, maxSizes)
	}
}
