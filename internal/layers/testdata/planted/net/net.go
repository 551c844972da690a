// Package net must not be reached by chain.
package net
