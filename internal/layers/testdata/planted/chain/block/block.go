// Package block is on the way.
package block

import _ "doin.network/node/internal/far"
