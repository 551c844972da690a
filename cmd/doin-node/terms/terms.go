// Package terms holds a node's configuration against the genesis file of its network: plugin, settings and data files of each
// domain are the network's, not the node's to choose.
//
// [Bind] makes the terms of a domain from a configuration, [Apply] completes a configuration by those of a genesis file or says
// what contradicts them, and [Check] compares the files on the disk. What only steers a node's own search ("ga" and its keys) and
// the places of files are no terms.
package terms

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// ErrTerms is wrapped by every error about what contradicts a genesis file.
var ErrTerms = errors.New("not as the genesis file has it")

// labels are settings that no result depends on.
var labels = []string{"metric_type"}

// Settings returns the settings of a domain that are terms, fresh.
func Settings(d *config.Domain) (*canon.Object, error) {
	o := d.WorkerConfig()
	if _, own := d.Command(); own {
		o.Delete(settings.Nest)
		o.Delete(settings.Strategy)
	} else {
		var err error
		if _, o, err = settings.Split(o); err != nil {
			return nil, err
		}
		o = o.Clone()
	}
	for _, name := range slices.Concat(config.FileKeys, labels) {
		o.Delete(name)
	}
	return o, nil
}

// free reports whether a setting is each node's own: of its search, or where a file lies.
func free(name string) bool {
	k, search := settings.ByName(name)
	return search && !k.Nested || name == settings.Nest || name == settings.Strategy || name == settings.IslandSettings || name == settings.Python || slices.Contains(config.FileKeys, name)
}

// Bind returns settings and files of a domain for a genesis file. inForce are the settings that its program says are in force, nil
// where it says none: what it has found in a file is a term, too.
func Bind(d *config.Domain, inForce *canon.Object) (*canon.Object, []chain.File, error) {
	bound, err := Settings(d)
	if err != nil {
		return nil, nil, err
	}
	if _, own := d.Command(); !own && inForce != nil { // what a program of one's own says may be no settings
		for name, v := range inForce.All() {
			if name != "space" && !free(name) && !bound.Has(name) && !slices.Contains(labels, name) {
				bound.Set(name, v)
			}
		}
	}
	var files []chain.File
	for _, key := range config.FileKeys {
		path, err := d.OptimizationConfig.StringOr(key, "")
		if err != nil || path == "" {
			continue // of the wrong kind: the program's to say
		}
		sum, size, err := Hash(path)
		if _, own := d.Command(); own && errors.Is(err, os.ErrNotExist) {
			continue // it means something else by that word
		}
		if err != nil {
			return nil, nil, fmt.Errorf("domain %q: %w", d.ID, err)
		}
		files = append(files, chain.File{Key: key, Name: fileName(path), SHA256: sum, Size: size})
	}
	return bound, files, nil
}

// fileName is the name of a path as a genesis file may have it.
func fileName(path string) string {
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && chain.IsFileName("x"+string(r)) {
			return r
		}
		return '_'
	}, filepath.Base(path))
	name = strings.TrimLeft(name[:min(len(name), 128)], ".")
	if name == "" {
		return "file"
	}
	return name
}

// Hash returns the SHA-256 of a file and its size.
func Hash(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// Place is where a data directory keeps a file of its network.
func Place(dataDir string, f chain.File) string {
	return filepath.Join(dataDir, "files", f.SHA256[:16]+"-"+f.Name)
}

// Apply completes the domains of a configuration by what the genesis file says of them: settings that it lacks, and the data
// directory's files where it names none that are there. Errors match ErrTerms and name domain, setting and both values.
func Apply(cfg *config.Config, g *chain.Genesis) error {
	var errs []error
	for i := range cfg.Domains {
		d := &cfg.Domains[i]
		if entry, ok := g.Domain(d.ID); ok && d.Active() {
			errs = append(errs, apply(cfg, d, &entry))
		}
	}
	return errors.Join(errs...)
}

func apply(cfg *config.Config, d *config.Domain, entry *chain.Domain) error {
	contradicts := func(format string, args ...any) error {
		return fmt.Errorf("domain %q: %w: %s", d.ID, ErrTerms, fmt.Sprintf(format, args...))
	}
	if entry.Plugin != "" && plugin(entry.Plugin) != plugin(d.Plugin()) {
		return contradicts("optimization_plugin is %q here, %.200q there", d.Plugin(), entry.Plugin)
	}
	d.OptimizationConfig = d.OptimizationConfig.Clone()
	if d.OptimizationConfig == nil {
		d.OptimizationConfig = canon.NewObject()
	}
	for _, f := range entry.Files {
		if !slices.Contains(config.FileKeys, f.Key) {
			return contradicts("it names a file by %.80q, where this revision knows %q", f.Key, config.FileKeys)
		}
		if path, err := d.OptimizationConfig.StringOr(f.Key, ""); err == nil && (path == "" || !exists(path)) {
			d.OptimizationConfig.Set(f.Key, Place(cfg.DataDir, f))
		}
	}
	if entry.Config == nil {
		return nil
	}
	have, err := Settings(d)
	if err != nil {
		return fmt.Errorf("domain %q: %w", d.ID, err)
	}
	var errs []error
	for name, v := range have.All() {
		if want, ok := entry.Config.Get(name); !ok {
			errs = append(errs, contradicts("optimization_config.%s is %.200s here and absent there", name, canon.Default(v)))
		} else if !canon.Equal(plain(v), plain(want)) {
			errs = append(errs, contradicts("optimization_config.%s is %.200s here, %.200s there", name, canon.Default(v), canon.Default(want)))
		}
	}
	for name, v := range entry.Config.All() {
		if free(name) {
			errs = append(errs, contradicts("it binds %q, which is each node's own", name))
		} else if !have.Has(name) {
			d.OptimizationConfig.Set(name, v)
		}
	}
	return errors.Join(errs...)
}

// plugin is a plugin's name as it is compared: of a program, wherever it lies, the file's name and the arguments.
func plugin(name string) string {
	command, own := strings.CutPrefix(name, config.ExecPrefix)
	words := strings.Fields(command)
	if !own || len(words) == 0 {
		return (&config.Domain{OptimizationPlugin: name}).Plugin()
	}
	words[0] = filepath.Base(words[0])
	return config.ExecPrefix + strings.Join(words, " ")
}

// plain makes one value of what is one number.
func plain(v any) any {
	switch v := v.(type) {
	case float64:
		if n := int64(v); float64(n) == v && n > -1<<53 && n < 1<<53 {
			return n
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case *canon.Object:
		out := canon.NewObject()
		for name, e := range v.All() {
			out.Set(name, plain(e))
		}
		return out
	}
	return v
}

// Held is a file of the network as a configuration has it.
type Held struct {
	Domain string
	chain.File
	Path string
}

// Files lists the files of the configured domains. Call Apply first.
func Files(cfg *config.Config, g *chain.Genesis) (out []Held) {
	for i := range cfg.Domains {
		d := &cfg.Domains[i]
		entry, ok := g.Domain(d.ID)
		if !ok || !d.Active() {
			continue
		}
		for _, f := range entry.Files {
			path, _ := d.OptimizationConfig.StringOr(f.Key, "")
			out = append(out, Held{d.ID, f, path})
		}
	}
	return out
}

// Check compares a file on the disk with the genesis file. A file that is not there is os.ErrNotExist; other bytes match ErrTerms and
// name domain, path and both hashes.
func (h *Held) Check() error {
	info, err := os.Stat(h.Path)
	if err != nil {
		return fmt.Errorf("domain %q: %s, a file of the network: %w", h.Domain, h.Name, err)
	}
	sum, size, err := Hash(h.Path)
	if err != nil {
		return fmt.Errorf("domain %q: %w", h.Domain, err)
	}
	if info.IsDir() || sum != h.SHA256 || size != h.Size {
		return fmt.Errorf("domain %q: %w: %s (optimization_config.%s) has %d bytes with SHA-256 %s, there it has %d with %s",
			h.Domain, ErrTerms, h.Path, h.Key, size, sum, h.Size, h.SHA256)
	}
	return nil
}

// CheckAll checks every file of the configured domains.
func CheckAll(cfg *config.Config, g *chain.Genesis) error {
	var errs []error
	for _, h := range Files(cfg, g) {
		err := h.Check()
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w; doin-node join fetches it", err)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// maxGenesisBytes bounds the genesis file that is read for its network's id.
const maxGenesisBytes = 16 << 20

// NetworkOf is the network of a configuration, "" where its genesis file cannot be read.
func NetworkOf(cfg *config.Config) string {
	path := cfg.GenesisPath()
	if st, err := os.Stat(path); err != nil || st.Size() > maxGenesisBytes {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	g, err := chain.ParseGenesis(data)
	if err != nil {
		return ""
	}
	return g.NetworkID()
}
