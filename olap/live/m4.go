package live

// Thin returns the indexes, ascending, of the points of a series that M4 keeps for width pixel columns of [from, to]: in
// each the first, the last, the lowest and the highest, and beside them the last point before from and the first one after
// to, so that a line enters and leaves the picture where it does. x must ascend; len(x) = len(y); width ≥ 1. Points whose y
// is not a number are left out, unless nothing else is in their column. At most 4·width + 2 indexes are returned.
func Thin(x, y []float64, from, to float64, width int) []int32 {
	first, last := lower(x, from), upper(x, to)
	out := make([]int32, 0, min(4*width+2, last-first+2))
	if first > 0 {
		out = append(out, int32(first-1))
	}
	perColumn := (to - from) / float64(width)
	for i := first; i < last; {
		end := last
		if perColumn > 0 {
			column := min(int((x[i]-from)/perColumn), width-1)
			if column < width-1 {
				end = i + lower(x[i:last], from+float64(column+1)*perColumn)
			}
			end = max(end, i+1) // rounding must not stop us
		}
		out = appendColumn(out, y, i, end)
		i = end
	}
	if last < len(x) {
		out = append(out, int32(last))
	}
	return out
}

// appendColumn appends the indexes that stand for the points [from, to) of one pixel column.
func appendColumn(out []int32, y []float64, from, to int) []int32 {
	for from < to-1 && y[from] != y[from] {
		from++
	}
	for to-1 > from && y[to-1] != y[to-1] {
		to--
	}
	low, high := from, from
	lowest, highest := y[from], y[from]
	for i := from + 1; i < to; i++ {
		v := y[i]
		if v < lowest {
			low, lowest = i, v
		}
		if v > highest {
			high, highest = i, v
		}
	}
	a, b := min(low, high), max(low, high)
	out = append(out, int32(from))
	if a != from {
		out = append(out, int32(a))
	}
	if b != a && b != from {
		out = append(out, int32(b))
	}
	if end := to - 1; end != from && end != a && end != b {
		out = append(out, int32(end))
	}
	return out
}

// lower returns the number of elements of an ascending x that are below v.
func lower(x []float64, v float64) int {
	low, high := 0, len(x)
	for low < high {
		if mid := int(uint(low+high) >> 1); x[mid] < v {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// upper returns the number of elements of an ascending x that are not above v.
func upper(x []float64, v float64) int {
	low, high := 0, len(x)
	for low < high {
		if mid := int(uint(low+high) >> 1); x[mid] <= v {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}
