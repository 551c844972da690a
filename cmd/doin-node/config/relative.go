package config

import (
	"os"
	"path/filepath"
	"strings"

	"doin.network/node/internal/canon"
)

// nodePaths are the members of the file that are paths.
var nodePaths = []string{"data_dir", "identity_file", "key_passphrase_file", "genesis_file", "worker_path", "experiment_stats_file", "olap_db_path"}

// FileKeys are the members of a domain's optimization_config that name files which the domain reads.
var FileKeys = []string{"data", "test_data"}

// fromCurrent warns of a path that was found where it should not be looked for.
const fromCurrent = "taken from the current directory, where it lies: paths are relative to the configuration's file"

// relocate makes the paths of a file relative to the current directory: they are written relative to dir, the file's own. What is
// not there but below the current directory, as files of older revisions have it, stays and is warned of.
func (d *decoder) relocate(o *canon.Object, dir string) {
	for _, name := range nodePaths {
		d.move("", o, name, dir, false)
	}
	eachFile(o, func(in string, settings *canon.Object, file string, own bool) { d.move(in, settings, file, dir, own) })
}

// eachFile calls f for every member of a configuration's domains that may name a file. own: it is a program's, and may be anything.
func eachFile(o *canon.Object, f func(in string, settings *canon.Object, key string, own bool)) {
	domains, _ := o.Get("domains")
	list, _ := domains.([]any)
	for i, v := range list {
		entry, ok := v.(*canon.Object)
		if !ok {
			continue
		}
		plugin, _ := entry.Get("optimization_plugin")
		name, _ := plugin.(string)
		_, own := (&Domain{OptimizationPlugin: name}).Command()
		for _, key := range []string{"optimization_config", "inference_config", "synthetic_data_config"} {
			v, _ := entry.Get(key)
			settings, ok := v.(*canon.Object)
			if !ok {
				continue
			}
			for _, file := range FileKeys {
				f(join(indexed("domains", i), key), settings, file, own)
			}
		}
	}
}

// Portable returns a copy of Raw that means the same in whatever folder it is written to: data files and programs have absolute
// paths.
func (c *Config) Portable() *canon.Object {
	o := c.Raw.Clone()
	eachFile(o, func(_ string, settings *canon.Object, key string, own bool) {
		v, _ := settings.Get(key)
		if path, ok := v.(string); ok && path != "" && (!own || exists(path)) {
			settings.Set(key, absolute(path))
		}
	})
	if path, err := o.String("worker_path"); err == nil && path != "" {
		o.Set("worker_path", absolute(path))
	}
	domains, _ := o.Get("domains")
	list, _ := domains.([]any)
	for i, v := range list {
		entry, ok := v.(*canon.Object)
		if !ok || i >= len(c.Domains) {
			continue
		}
		command, own := c.Domains[i].Command()
		program, arguments, _ := strings.Cut(strings.TrimSpace(command), " ")
		if own && strings.ContainsRune(program, filepath.Separator) {
			if !filepath.IsAbs(program) {
				program = absolute(filepath.Join(c.ProgramDir(&c.Domains[i]), program))
			}
			entry.Set("optimization_plugin", strings.TrimSpace(ExecPrefix+program+" "+arguments))
		}
	}
	return o
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// move replaces one path. of says that it is only one if there is such a file: the member is some program's own.
func (d *decoder) move(in string, o *canon.Object, name, dir string, of bool) {
	v, _ := o.Get(name)
	path, ok := v.(string)
	if !ok || path == "" || filepath.IsAbs(path) {
		return
	}
	moved, current := Relative(dir, path)
	if of && !exists(moved) {
		return
	}
	if current {
		d.warnings = append(d.warnings, Warning{Key: join(in, name), Reason: fromCurrent})
	}
	o.Set(name, moved)
}

// Relative returns where a path that is written relative to dir leads. What is not there but below the current directory is found
// there, and current says so.
func Relative(dir, path string) (moved string, current bool) {
	if path == "" || filepath.IsAbs(path) || filepath.Clean(dir) == "." {
		return path, false
	}
	moved = filepath.Join(dir, path)
	if !exists(moved) && exists(path) {
		return path, true
	}
	return moved, false
}

// ProgramDir returns the folder that the program of an "exec:" plugin is looked for in: the configuration's or, where it is only
// there, the current one.
func (c *Config) ProgramDir(d *Domain) string {
	command, _ := d.Command()
	if words := strings.Fields(command); len(words) > 0 && c.Dir != "" {
		if _, current := Relative(c.Dir, words[0]); !current {
			return c.Dir
		}
	}
	return "."
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
