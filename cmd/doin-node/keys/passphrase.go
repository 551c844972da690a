package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"
)

// Where a passphrase can come from, beside a file that the configuration names and the terminal.
const (
	Environment = "DOIN_KEY_PASSPHRASE"
	credentials = "CREDENTIALS_DIRECTORY" // systemd's, for credentials of the unit
	credential  = "doin-passphrase"
)

// maxPassphrase bounds a passphrase in bytes.
const maxPassphrase = 4096

// ErrNoPassphrase is returned (wrapped) where a passphrase is needed and nothing says it.
var ErrNoPassphrase = errors.New("the key is encrypted and no passphrase is given: name a file by key_passphrase_file, set " +
	Environment + ", load the systemd credential " + credential + ", or start it on a terminal")

// InputError is what is wrong with what somebody typed or wrote into a file: a sentence for them.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// Forget takes the passphrase out of the environment, so that no child process inherits it.
func Forget() error { return os.Unsetenv(Environment) }

// given returns the passphrase that a file, the environment or systemd gives; ok is false where none of them has one.
func given(file string) (passphrase string, ok bool, err error) {
	if file != "" {
		passphrase, err = firstLine(file)
		return passphrase, err == nil, err
	}
	if passphrase, ok = os.LookupEnv(Environment); ok {
		return passphrase, true, nil
	}
	if dir := os.Getenv(credentials); dir != "" {
		passphrase, err = firstLine(filepath.Join(dir, credential))
		if errors.Is(err, fs.ErrNotExist) {
			return "", false, nil
		}
		return passphrase, err == nil, err
	}
	return "", false, nil
}

// firstLine reads a passphrase file: what stands before the first line break.
func firstLine(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", &InputError{fmt.Errorf("passphrase file: %w", err)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPassphrase+1))
	if err != nil {
		return "", &InputError{fmt.Errorf("passphrase file: %w", err)}
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" || len(line) > maxPassphrase {
		return "", &InputError{fmt.Errorf("passphrase file %s: want 1 to %d bytes in its first line", path, maxPassphrase)}
	}
	return line, nil
}

// prompt asks on the terminal, without showing what is typed; ErrNoPassphrase where there is none.
func prompt(question string) (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", &InputError{ErrNoPassphrase}
	}
	fmt.Fprint(os.Stderr, question)
	text, err := term.ReadPassword(fd)
	fmt.Fprintln(os.Stderr)
	return string(text), err
}

// asker returns what identity.Open asks for the passphrase of the key at a path.
func asker(path, file string) func() (string, error) {
	return func() (string, error) {
		passphrase, ok, err := given(file)
		if ok || err != nil {
			return passphrase, err
		}
		return prompt("passphrase of " + path + ": ")
	}
}

// choose returns the passphrase that a key is to be encrypted with: a given one, or one that is typed twice.
func choose(file string) (string, error) {
	passphrase, ok, err := given(file)
	if !ok && err == nil {
		if passphrase, err = prompt("new passphrase: "); err == nil {
			var again string
			if again, err = prompt("once more: "); err == nil && again != passphrase {
				err = &InputError{errors.New("the two passphrases differ: nothing was changed")}
			}
		}
	}
	if err == nil && passphrase == "" {
		err = &InputError{errors.New("a passphrase must not be empty: nothing was changed")}
	}
	return passphrase, err
}
