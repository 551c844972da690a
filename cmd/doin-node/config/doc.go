// Package config is the configuration of a node: the JSON file named by
// --config, the command line flags that override it, and the rules both obey.
//
// A file is one flat JSON object with a list of domains. Load reads it strictly:
//
//   - a key nobody knows is an error that names the nearest known one, or the object that it belongs into;
//   - a value of the wrong type, a number that is not finite and a value out of
//     range are errors that name the file, the key and the value, all of them at
//     once;
//   - a key that other implementations use and this one does not is accepted with
//     a Warning that says why it has no effect;
//   - a key that begins with "$" is a comment, at any depth.
//
// Which plugins there are, and what one understands (optimization_config and its
// like), is not known here: names and objects are carried as they are, without
// comments, and checked by the worker that runs the domain. Of optimization_config
// only the search's settings are checked, by their own table in ga/settings; they
// may stand at its top or in its object "ga".
//
// Relative paths are relative to the current directory, not to the file.
//
// Usage:
//
//	cfg, warnings, err := config.Load("node.json")
//	...
//	err = flags.Apply(cfg)
package config
