package data_test

import (
	"reflect"
	"testing"

	"doin.network/node/compute/data"
)

// TestKeys: each option but the callback has one key, and what keys set is what Object has.
func TestKeys(t *testing.T) {
	var o data.Options
	fields := reflect.ValueOf(&o).Elem()
	left := map[any]string{}
	for i := range fields.NumField() {
		if f := fields.Type().Field(i); f.Name != "Progress" {
			left[fields.Field(i).Addr().Interface()] = f.Name
		}
	}
	if n := o.Object().Len(); n != 0 {
		t.Errorf("no options: %d members", n)
	}
	for _, k := range data.Keys() {
		to := k.Field(&o)
		if left[to] == "" {
			t.Errorf("key %s: of no option, or of that of another key", k.Name)
		}
		delete(left, to)
		switch to := to.(type) {
		case *string:
			*to = "x"
		case *int:
			*to = 7
		case *[]string:
			*to = []string{}
		default:
			t.Errorf("key %s: %T", k.Name, to)
		}
		if !o.Object().Has(k.Name) || k.Meaning == "" || k.Values == "" {
			t.Errorf("key %s: not in %s, or not explained", k.Name, o.Object().GoString())
		}
	}
	for _, name := range left {
		t.Errorf("option %s has no key", name)
	}
}

func TestValidate(t *testing.T) {
	good := data.Options{Separator: "tab", Decimal: ",", Thousands: "none", Encoding: "Latin1", Quote: "none", Comment: "--", Header: "none", FirstLine: 3, Index: "keep"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := data.Options{Separator: "x", Decimal: "x", Encoding: "x", Quote: "x", Header: "x", FirstLine: -1, Index: "x"}
	err, ok := bad.Validate().(interface{ Unwrap() []error })
	if !ok || len(err.Unwrap()) != 7 {
		t.Errorf("Validate of %+v: %v, want 7 problems", bad, err)
	}
}
