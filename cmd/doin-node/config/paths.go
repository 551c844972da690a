package config

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
)

// IdentityPath returns the file of the node's key.
func (c *Config) IdentityPath() string { return c.inDataDir(c.IdentityFile, "identity.json") }

// GenesisPath returns the genesis file: the one that is named, or the node's own.
func (c *Config) GenesisPath() string { return c.inDataDir(c.GenesisFile, "genesis.json") }

// StorePath returns the folder of the chain's store.
func (c *Config) StorePath() string { return filepath.Join(c.DataDir, "chain") }

// PriorPath returns the file that prior names, seen from the configuration's folder; "" where it names none.
func (c *Config) PriorPath() string {
	switch {
	case c.Prior == PriorAuto || c.Prior == PriorNone:
		return ""
	case filepath.IsAbs(c.Prior) || c.Path == "":
		return c.Prior
	}
	return filepath.Join(filepath.Dir(c.Path), c.Prior)
}

// StatsPath returns the CSV file of rounds.
func (c *Config) StatsPath() string { return c.inDataDir(c.Record.StatsFile, "experiment_stats.csv") }

// OLAPPath returns the SQLite file of the star schema.
func (c *Config) OLAPPath() string { return c.inDataDir(c.Record.OLAPFile, "olap.db") }

func (c *Config) inDataDir(path, name string) string {
	if path != "" {
		return path
	}
	return filepath.Join(c.DataDir, name)
}

// SplitPeer splits "host:port" at the last colon. An IPv6 address may stand in
// brackets, which are removed. The error says what is wrong, without repeating s.
func SplitPeer(s string) (host string, port int, err error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", 0, errors.New("must be host:port")
	}
	host = s[:i]
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return "", 0, errors.New("must be host:port with balanced brackets")
		}
	}
	if host == "" || len(host) > 253 || strings.ContainsAny(host, " /\\@?#[]\t\r\n") {
		return "", 0, errors.New("must be host:port with a host name or an address")
	}
	port, err = strconv.Atoi(s[i+1:])
	if err != nil || port < 1 || port > 65535 {
		return "", 0, errors.New("must be host:port with a port in [1, 65535]")
	}
	return host, port, nil
}

// Slog returns Level for a handler. It is slog.LevelInfo for a level that
// Validate refuses.
func (l Log) Slog() slog.Level {
	level, _ := l.level()
	return level
}

func (l Log) level() (slog.Level, error) {
	switch strings.ToLower(l.Level) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warning", "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return slog.LevelInfo, errors.New(`must be one of ["debug" "info" "warning" "error"]`)
}
