// Package chain is planted: it reaches net through two others.
package chain

import _ "doin.network/node/chain/block"
