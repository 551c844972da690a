// Package far is on the way.
package far

import _ "doin.network/node/net"
