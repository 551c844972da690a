package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// maxFileBytes bounds what Load reads.
const maxFileBytes = 64 << 10

// ParsePEM reads an unencrypted private key, PKCS#8 ("PRIVATE KEY") or SEC 1 ("EC PRIVATE KEY"),
// from the first PEM block of data. Anything but a P-256 key is an ErrBadKey.
func ParsePEM(data []byte) (*Key, error) {
	block, rest := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%w: no PEM block", ErrBadKey)
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("%w: data after the PEM block", ErrBadKey)
	}
	var parsed any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%w: PEM block %.32q, want an unencrypted PRIVATE KEY", ErrBadKey, block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadKey, err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: %T, want an elliptic-curve key", ErrBadKey, parsed)
	}
	return newKey(private)
}

// PEM returns the key as an unencrypted PKCS#8 PEM block.
func (k *Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ExposedError says that others than its owner may read a key file.
type ExposedError struct {
	Path string
	Mode fs.FileMode
}

func (e *ExposedError) Error() string {
	return fmt.Sprintf("key file %s can be read by others (mode %04o): chmod 600 %s", e.Path, e.Mode, e.Path)
}

// Load reads the key file at path; see ParsePEM. A missing file is fs.ErrNotExist, an encrypted one ErrEncrypted, one that others
// may read an *ExposedError.
func Load(path string) (*Key, error) { return Open(path, nil) }

// Open is Load that asks for the passphrase of an encrypted file, once. An error of ask is returned as it is.
func Open(path string, ask func() (string, error)) (*Key, error) {
	data, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	var k *Key
	switch {
	case !Sealed(data):
		k, err = ParsePEM(data)
	case ask == nil:
		err = ErrEncrypted
	default:
		passphrase, asked := ask()
		if asked != nil {
			return nil, asked
		}
		k, err = Unseal(data, passphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("load identity %s: %w", path, err)
	}
	return k, nil
}

// ReadFile reads a key file without looking into it. Errors as Load's.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load identity: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("load identity: %w", err)
	}
	if mode := st.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" { // which has no such bits
		return nil, &ExposedError{Path: path, Mode: mode}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("load identity: %w", err)
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("load identity %s: %w: file larger than %d bytes", path, ErrBadKey, maxFileBytes)
	}
	return data, nil
}

// LoadOrCreate loads the key at path, or makes a new one and saves it there if the file does not
// exist. Two processes that race end up with the same key. The folder must exist.
func LoadOrCreate(path string) (*Key, error) {
	k, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k, err = Create(path, "")
	if errors.Is(err, fs.ErrExist) {
		return Load(path)
	}
	return k, err
}

// Create makes a new key and saves it at path, where no file may be (fs.ErrExist): encrypted, unless the passphrase is empty.
func Create(path, passphrase string) (*Key, error) {
	k, err := Generate()
	if err != nil {
		return nil, err
	}
	return k, k.SaveNew(path, passphrase)
}

// Save writes the key to path with mode 0600, replacing a file there. After a crash the file holds
// either its old content or the whole key.
func (k *Key) Save(path string) error {
	text, err := k.PEM()
	if err != nil {
		return err
	}
	return write(path, text, os.Rename)
}

// SaveSealed is Save of the key encrypted by a passphrase.
func (k *Key) SaveSealed(path, passphrase string) error {
	text, err := k.Seal(passphrase)
	if err != nil {
		return err
	}
	return write(path, text, os.Rename)
}

// SaveNew is Save, or SaveSealed where the passphrase is not empty, for a path where no file may be: fs.ErrExist.
func (k *Key) SaveNew(path, passphrase string) error {
	text, err := k.PEM()
	if passphrase != "" {
		text, err = k.Seal(passphrase)
	}
	if err != nil {
		return err
	}
	// A hard link, unlike a rename, fails if somebody else was faster.
	err = write(path, text, os.Link)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return write(path, text, os.Rename) // a file system without hard links
}

// write makes a complete, synced temporary file and gives it its name by place.
func write(path string, text []byte, place func(from, to string) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".identity-*") // mode 0600
	if err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = place(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	return syncDir(dir)
}

// syncDir makes the new name durable. Systems that cannot sync a folder report an error that
// says nothing about the file, so only a failure to open it counts.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	_ = d.Sync()
	return d.Close()
}
