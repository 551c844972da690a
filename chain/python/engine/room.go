package engine

// room bounds the bytes of what strangers have sent that is kept until it was looked at: claims and champions have models inside.
type room struct{ max, used int64 }

// take reserves n bytes, if there are as many.
func (r *room) take(n int64) bool {
	if r.used+n > r.max {
		return false
	}
	r.used += n
	return true
}

// give frees n bytes.
func (r *room) give(n int64) { r.used -= n }
