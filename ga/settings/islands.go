package settings

import (
	"errors"
	"fmt"

	"doin.network/node/internal/canon"
)

// shared are the keys that all islands have alike.
var shared = []string{"population", Islands, IslandTopology, IslandInterval, IslandSettings}

// Each returns the objects of "island_settings" of an object of settings, none if it has none: island k has those of object k,
// counted round. They may name a strategy and every key of the table but the population and those about islands.
func Each(o *canon.Object) ([]*canon.Object, error) {
	list, err := o.ListOr(IslandSettings, nil)
	if err != nil {
		return nil, err
	}
	if len(list) > MaxIslands {
		return nil, fmt.Errorf("%s: %d objects: at most %d", IslandSettings, len(list), MaxIslands)
	}
	out := make([]*canon.Object, len(list))
	for i, v := range list {
		if out[i], err = canon.AsObject(v); err != nil {
			return nil, fmt.Errorf("%s %d: %w", IslandSettings, i, err)
		}
	}
	return out, nil
}

// checkEach reports what is wrong with an object's "island_settings": by themselves, and with the settings beside them if those are
// right.
func checkEach(o *canon.Object) error {
	list, err := Each(o)
	errs := []error{err}
	base := o.Clone()
	base.Delete(IslandSettings)
	for i, one := range list {
		wrong := func(err error) {
			if err != nil {
				errs = append(errs, fmt.Errorf("%s %d: %w", IslandSettings, i, err))
			}
		}
		for _, name := range shared {
			if one.Has(name) {
				wrong(fmt.Errorf("%s is one for all islands", name))
			}
		}
		_, err := one.StringOr(Strategy, "")
		wrong(err)
		whole := base.Clone()
		for name, v := range one.All() {
			if name != Strategy && name != IslandSettings {
				whole.Set(name, v)
			}
		}
		if Check(base) == nil {
			wrong(Check(whole))
		}
	}
	return errors.Join(errs...)
}
