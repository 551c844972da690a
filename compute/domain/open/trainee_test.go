package open

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/nn/referee"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// trainees are the domains that train networks, each with a recipe that ends between two leaves.
func trainees(t *testing.T) map[string]func() (Trainee, *canon.Object) {
	configs := map[string]*canon.Object{
		"forecast": canon.NewObject("data", "../../../examples/co2/mauna_loa_co2_monthly.csv", "max_steps", 120, "max_parameters", 200),
		"tabular":  canon.NewObject("data", "../../../examples/iris/iris.csv", "max_steps", 120, "max_parameters", 200),
	}
	made := map[string]func() (Trainee, *canon.Object){}
	for plugin, config := range configs {
		made[plugin] = func() (Trainee, *canon.Object) {
			d, err := New(plugin, config)
			if err != nil {
				t.Fatal(err)
			}
			return d.(Trainee), d.Parameters(d.Describe().Space.Random(func() float32 { return 0.25 }))
		}
	}
	return made
}

// A training of a claim has one list of leaves on every instruction set.
func TestClaims(t *testing.T) {
	const seed = 7
	for plugin, open := range trainees(t) {
		var first *referee.Claim
		for _, isa := range vec.Supported() {
			t.Setenv(vec.ISAVariable, string(isa))
			d, recipe := open()
			task, err := d.Training(recipe, seed, 1, 0)
			if err != nil {
				t.Fatal(err)
			}
			c, err := referee.Make(t.Context(), task, -1, nil)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = c
			}
			if !reflect.DeepEqual(c, first) || len(c.Leaves) != 3 {
				t.Errorf("%s: %s claims %v, %s %v", plugin, isa, c.Object(), vec.Naive, first.Object())
			}
			v, err := referee.Settle(t.Context(), task, first, c, nil)
			if err != nil || v.String() != "agreed" {
				t.Errorf("%s: %s and %s: %v, %v", plugin, vec.Naive, isa, v, err)
			}
		}
	}
}

// Whoever changes a leaf or the digest of a recipe loses.
func TestSettle(t *testing.T) {
	for plugin, open := range trainees(t) {
		d, recipe := open()
		task, err := d.Training(recipe, 3, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		honest, err := referee.Make(t.Context(), task, -1, nil)
		if err != nil {
			t.Fatal(err)
		}
		for leaf := range honest.Leaves {
			cheat := *honest
			cheat.Leaves = slices.Clone(honest.Leaves)
			cheat.Leaves[leaf][9] ^= 4
			v, err := referee.Settle(t.Context(), task, &cheat, honest, nil)
			if err != nil || v.String() != "b" || v.Measures || v.Leaf != leaf || v.Right != honest.Leaves[leaf] {
				t.Errorf("%s: leaf %d changed: %+v, %v", plugin, leaf, v, err)
			}
		}
	}
}

// Recipes are refused as by Check.
func TestTraineeRefuses(t *testing.T) {
	for plugin, open := range trainees(t) {
		d, recipe := open()
		for want, bad := range map[error]*canon.Object{
			domain.ErrDataHash: recipe.Clone().Set("data_hash", "00"),
			domain.ErrRecipe:   recipe.Clone().Set("more", 1),
		} {
			if _, err := d.Training(bad, 1, 0, 0); !errors.Is(err, want) {
				t.Errorf("%s: Training: %v, want %v", plugin, err, want)
			}
		}
	}
}
