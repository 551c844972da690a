package gpu

import (
	"slices"

	"doin.network/node/compute/nn"
)

// groupsOf returns a population as peers train it: the models of a shape together, all of a group until the last of it has
// stopped. stops are the steps at which the models ended. It is nil for what the peers have no model of.
func groupsOf(tasks []nn.Task, stops []int) []peerGroup {
	var groups []peerGroup
	for i := range tasks {
		c := &tasks[i].Config
		if len(c.Layers) > 0 || c.Optimizer == nn.SGD || c.Loss != nn.MSE {
			return nil
		}
		g := peerGroup{
			Count: 1, Batch: c.Batch, Widths: slices.Concat([]int{c.Inputs}, c.Hidden, []int{c.Outputs}),
			Activation: string(c.Activation), Steps: stops[i], EvalEvery: c.EvalEvery, Patience: c.Patience,
		}
		n := slices.IndexFunc(groups, func(o peerGroup) bool {
			return o.Batch == g.Batch && o.Activation == g.Activation && o.EvalEvery == g.EvalEvery && slices.Equal(o.Widths, g.Widths)
		})
		if n < 0 {
			g.stops = stops[i]
			groups = append(groups, g)
			continue
		}
		groups[n].stops += stops[i]
		groups[n].Count++
		groups[n].Steps = max(groups[n].Steps, g.Steps)
	}
	return groups
}

// padded returns one group of the largest shape in place of many: what a peer trains that pads every model to it. That the
// activations would have to be told apart is not counted.
func padded(groups []peerGroup) []peerGroup {
	all := groups[0]
	all.Widths, all.Activation, all.Count = nil, "relu", 0
	for _, g := range groups {
		for len(all.Widths) < len(g.Widths) {
			all.Widths = append(all.Widths, 0)
		}
		all.Count += g.Count
		all.Batch, all.Steps = max(all.Batch, g.Batch), max(all.Steps, g.Steps)
	}
	last := len(all.Widths) - 1
	for _, g := range groups {
		for i, w := range g.Widths {
			at := i
			if i == len(g.Widths)-1 {
				at = last
			}
			all.Widths[at] = max(all.Widths[at], w)
		}
	}
	return []peerGroup{all}
}

// oneByOne returns groups for a peer whose models need not wait for each other: each makes its own steps, on average those
// of its group.
func oneByOne(groups []peerGroup) []peerGroup {
	groups = slices.Clone(groups)
	for i, g := range groups {
		groups[i].Steps = max(1, (g.stops+g.Count/2)/g.Count)
	}
	return groups
}
