package domain

import (
	"fmt"

	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// Recipe returns the recipe of a genome of s in the form that network-training domains share: {"contract", "domain",
// "genome", "data_hash"}.
func Recipe(contract, plugin string, s genome.Space, g genome.Genome, dataHash string) *canon.Object {
	return canon.NewObject("contract", contract, "domain", plugin, "genome", s.Object(g), "data_hash", dataHash)
}

// ParseRecipe reads the form of Recipe. It is strict: another contract or domain, a member more or less or a genome that
// s refuses is an error wrapping ErrRecipe. The data hash is returned as it stands, for the caller to compare by
// CheckDataHash after everything else, so that ErrDataHash means that nothing else is wrong.
func ParseRecipe(parameters *canon.Object, contract, plugin string, s genome.Space) (g genome.Genome, dataHash string, err error) {
	refuse := func(format string, args ...any) (genome.Genome, string, error) {
		return nil, "", fmt.Errorf("%w: "+format, append([]any{ErrRecipe}, args...)...)
	}
	for _, key := range parameters.Keys() {
		switch key {
		case "contract", "domain", "genome", "data_hash":
		default:
			return refuse("unknown member %.80q", key)
		}
	}
	for _, fixed := range [...]struct{ key, want string }{{"contract", contract}, {"domain", plugin}} {
		got, err := parameters.String(fixed.key)
		if err != nil {
			return refuse("%w", err)
		}
		if got != fixed.want {
			return refuse("%s %.80q, want %q", fixed.key, got, fixed.want)
		}
	}
	o, err := parameters.Object("genome")
	if err != nil {
		return refuse("%w", err)
	}
	if g, err = s.Parse(o); err != nil {
		return refuse("%w", err)
	}
	if dataHash, err = parameters.String("data_hash"); err != nil {
		return refuse("%w", err)
	}
	return g, dataHash, nil
}

// CheckDataHash returns an error wrapping ErrDataHash unless a recipe's data hash is ours.
func CheckDataHash(hash, ours string) error {
	if hash != ours {
		return fmt.Errorf("%w: data_hash %.80q, ours is %q", ErrDataHash, hash, ours)
	}
	return nil
}
