// Package keys opens a node's key for whoever needs it, the node and the commands that sign in its name, and has the command
// "doin-node key": show, encrypt, decrypt, import.
//
// A key file is PKCS#8 PEM, as the Python reference writes it, or that encrypted by a passphrase (chain/identity). The passphrase
// comes from the first of: the file that key_passphrase_file names, the environment's DOIN_KEY_PASSPHRASE, systemd's credential
// doin-passphrase, a question on the terminal. Nothing here logs or prints one; a node calls [Forget] before it has child processes.
package keys
