package boost

import "doin.network/node/compute/onnx"

// Export appends the operations of Predict: x is [n][features] in binary32, NaN where missing; the result is [n][Width]. Scores are
// added in binary32 there, in whatever order.
func (m *Model) Export(g *onnx.Graph, x onnx.Value) onnx.Value {
	outputs := len(m.start)
	base := make([]float32, outputs)
	for i, s := range m.start {
		base[i] = real(s)
	}
	scores := g.Floats(base, 1, outputs)
	if len(m.trees) > 0 {
		scores = g.Do("Add", m.exportTrees(g, x), scores)
	} else { // of every row the same
		zero := g.Do("Mul", g.Slice(x, 0, 1, 1), g.FloatOf(0))
		scores = g.Do("Add", g.Do("Where", g.Do("IsNaN", zero), g.FloatOf(0), zero), scores)
	}
	switch {
	case m.classes == 0:
		return scores
	case outputs == 1:
		p := g.Do("Sigmoid", scores)
		return g.Concat(1, g.Do("Sub", g.FloatOf(1), p), p)
	}
	return g.With("Softmax", []onnx.Value{scores}, onnx.Integer("axis", 1))
}

// exportTrees is the sum of the trees' leaves for each output, without the starts.
func (m *Model) exportTrees(g *onnx.Graph, x onnx.Value) onnx.Value {
	var tree, id, feature, yes, no, missing, leafTree, leafID, leafOutput []int64
	var edge, weight []float32
	var mode []string
	outputs := len(m.start)
	for t, nodes := range m.trees {
		for i := range nodes {
			n := &nodes[i]
			tree, id = append(tree, int64(t)), append(id, int64(i))
			if n.feature < 0 {
				mode, feature, edge = append(mode, "LEAF"), append(feature, 0), append(edge, 0)
				yes, no, missing = append(yes, 0), append(no, 0), append(missing, 0)
				leafTree, leafID, leafOutput = append(leafTree, int64(t)), append(leafID, int64(i)), append(leafOutput, int64(t%outputs))
				weight = append(weight, real(n.value))
				continue
			}
			mode, feature, edge = append(mode, "BRANCH_LEQ"), append(feature, int64(n.feature)), append(edge, n.edge)
			yes, no = append(yes, int64(n.left)), append(no, int64(n.right))
			left := int64(0)
			if n.missingLeft {
				left = 1
			}
			missing = append(missing, left)
		}
	}
	return g.ML("TreeEnsembleRegressor", []onnx.Value{x}, onnx.Integer("n_targets", outputs), onnx.Word("aggregate_function", "SUM"),
		onnx.Word("post_transform", "NONE"), onnx.Integers("nodes_treeids", tree), onnx.Integers("nodes_nodeids", id),
		onnx.Integers("nodes_featureids", feature), onnx.Words("nodes_modes", mode), onnx.Reals("nodes_values", edge),
		onnx.Integers("nodes_truenodeids", yes), onnx.Integers("nodes_falsenodeids", no),
		onnx.Integers("nodes_missing_value_tracks_true", missing), onnx.Integers("target_treeids", leafTree),
		onnx.Integers("target_nodeids", leafID), onnx.Integers("target_ids", leafOutput), onnx.Reals("target_weights", weight))
}
