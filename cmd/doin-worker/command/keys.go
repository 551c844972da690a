package command

import (
	"flag"
	"fmt"
	"io"
	"slices"

	"doin.network/node/compute/domain/bbob"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/quadratic"
	"doin.network/node/compute/domain/tabular"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// runKeys prints what optimization_config may have, by plugin, and the settings of the search, which may stand beside those or
// in its object "ga".
func runKeys(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("doin-worker keys", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("keys: unexpected argument %q", flags.Arg(0))
	}
	o := keyTables()
	if *asJSON {
		_, err := fmt.Fprintln(stdout, string(canon.AppendIndent(nil, o)))
		return err
	}
	for _, name := range pluginNames {
		for _, k := range pluginKeys[name]() {
			fmt.Fprintf(stdout, "%s\t%s\n", name, k)
		}
	}
	for _, k := range settings.Keys() {
		fmt.Fprintf(stdout, "ga\t%s\t%v\t%s\n", k.Name, k.Default, k.Doc)
	}
	return nil
}

// pluginNames are the built-in domains, in the order in which they are told of.
var pluginNames = []string{quadratic.Plugin, forecast.Plugin, tabular.Plugin, bbob.Plugin}

// pluginKeys are the keys that each built-in domain reads.
var pluginKeys = map[string]func() []string{quadratic.Plugin: quadratic.Keys, forecast.Plugin: forecast.Keys, tabular.Plugin: tabular.Keys,
	bbob.Plugin: bbob.Keys}

// keyTables is what runKeys prints, as an object.
func keyTables() *canon.Object {
	plugins := canon.NewObject()
	for _, name := range pluginNames {
		plugins.Set(name, texts(pluginKeys[name]()))
	}
	ga := []any{}
	for _, k := range settings.Keys() {
		one := canon.NewObject("name", k.Name, "kind", string(k.Kind), "default", k.Default, "doc", k.Doc, "nested", k.Nested)
		if k.Kind == settings.Choice {
			one.Set("choices", texts(k.Choices))
		} else {
			one.Set("low", k.Low).Set("high", k.High)
		}
		ga = append(ga, one)
	}
	return canon.NewObject("plugins", plugins, "ga", ga)
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range slices.Sorted(slices.Values(list)) {
		out[i] = s
	}
	return out
}
