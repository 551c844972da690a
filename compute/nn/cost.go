package nn

// MultiplyAdds returns how many products the matrices of a forward pass take for one sample; what is done element by
// element is not counted.
func (m *Model) MultiplyAdds() int64 {
	var sum int64
	for _, o := range m.Ops {
		switch o.Kind {
		case OpDense, OpConvolve:
			x, y := m.Tensors[o.X], m.Tensors[o.Y]
			for tap := range o.Kernel {
				steps := max(y.Steps-tap*o.Dilation, 0)
				sum += int64(steps) * int64(x.Channels) * int64(y.Channels)
			}
		}
	}
	return sum
}
