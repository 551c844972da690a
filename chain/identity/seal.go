package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Errors of keys that are encrypted at rest.
var (
	// ErrEncrypted is returned (wrapped) for an encrypted key where no passphrase can be asked for.
	ErrEncrypted = errors.New("identity: the key is encrypted")
	// ErrPassphrase is returned (wrapped) for a passphrase that does not open the key, or is empty.
	ErrPassphrase = errors.New("identity: wrong passphrase")
)

// The work of scrypt, as log2 of N, with r = 8 and p = 1 (RFC 7914): what we write takes 64 MiB and some tenths of a second, what we
// read may take four times that, as files of the age program do.
const (
	sealWork = 16
	maxWork  = 18
)

// ageHeader begins an encrypted file that is not armored.
const ageHeader = "age-encryption.org/v1\n"

// Sealed reports whether the content of a key file is encrypted.
func Sealed(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(data), []byte(armor.Header)) || bytes.HasPrefix(data, []byte(ageHeader))
}

// Seal returns the key, as PEM writes it, encrypted by a passphrase: an armored file of the age format (age-encryption.org/v1, one
// scrypt recipient), which the age program opens too. An empty passphrase is an ErrPassphrase.
func (k *Key) Seal(passphrase string) ([]byte, error) {
	text, err := k.PEM()
	if err != nil {
		return nil, err
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: it is empty", ErrPassphrase)
	}
	recipient.SetWorkFactor(sealWork)
	var out bytes.Buffer
	shell := armor.NewWriter(&out)
	body, err := age.Encrypt(shell, recipient)
	if err == nil {
		_, err = body.Write(text)
	}
	for _, end := range []func() error{func() error { return body.Close() }, shell.Close} {
		if err == nil {
			err = end()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt key: %w", err)
	}
	return out.Bytes(), nil
}

// Unseal reads what Seal wrote, or the age program: an ErrPassphrase or an ErrBadKey if it cannot.
func Unseal(data []byte, passphrase string) (*Key, error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: it is empty", ErrPassphrase)
	}
	id.SetMaxWorkFactor(maxWork)
	var src io.Reader = bytes.NewReader(data)
	if !bytes.HasPrefix(data, []byte(ageHeader)) {
		src = armor.NewReader(src)
	}
	body, err := age.Decrypt(src, id)
	var other *age.NoIdentityMatchError
	switch {
	case errors.As(err, &other):
		return nil, ErrPassphrase
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBadKey, err)
	}
	text, err := io.ReadAll(io.LimitReader(body, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadKey, err)
	}
	return ParsePEM(text)
}
