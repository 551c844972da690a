package main

import (
	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-bench/gpubench"
)

// version is set by the linker.
var version = "devel"

func gpuCommand() *cobra.Command { return gpubench.Command(version) }
