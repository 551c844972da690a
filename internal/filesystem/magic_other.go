//go:build !linux

package filesystem

func magicOf(string) (uint32, error) { return 0, nil }
