// Package optimae is the rules of protocol 2: what becomes of claims.
package optimae
