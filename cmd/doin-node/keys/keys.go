package keys

import (
	"errors"
	"fmt"
	"io/fs"

	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
)

// Open reads the key of a configuration's node. An *InputError is the owner's to mend: a wrong passphrase, none, or a file that
// others may read. A missing file is fs.ErrNotExist.
func Open(cfg *config.Config) (*identity.Key, error) {
	return open(cfg.IdentityPath(), cfg.PassphraseFile)
}

// OpenOrCreate is Open that makes a key where there is none: an encrypted one if a passphrase is given by anything but the
// terminal. Two processes that race end up with the same key.
func OpenOrCreate(cfg *config.Config) (*identity.Key, error) {
	key, err := Open(cfg)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	passphrase, _, err := given(cfg.PassphraseFile)
	if err != nil {
		return nil, err
	}
	key, err = identity.Create(cfg.IdentityPath(), passphrase)
	if errors.Is(err, fs.ErrExist) { // somebody was faster, with the same passphrase if it is of use
		key, err = identity.Open(cfg.IdentityPath(), func() (string, error) { return passphrase, nil })
	}
	return key, inWords(cfg.IdentityPath(), err)
}

func open(path, file string) (*identity.Key, error) {
	key, err := identity.Open(path, asker(path, file))
	return key, inWords(path, err)
}

// inWords makes an *InputError of what the owner of a key can mend.
func inWords(path string, err error) error {
	var exposed *identity.ExposedError
	switch {
	case errors.Is(err, identity.ErrPassphrase):
		return &InputError{fmt.Errorf("the passphrase does not open the key %s", path)}
	case errors.As(err, &exposed):
		return &InputError{exposed}
	}
	return err
}
