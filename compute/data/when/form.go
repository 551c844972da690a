package when

import "strings"

// form is a way of writing a date that Detect tries.
type form struct {
	name string
	rank int // of several forms that all cells have, the lowest is right; if two have it, nobody knows
	// digits says that cells are digits alone, which are numbers unless their years lie between minYear and maxYear.
	digits bool
	// doubt says that the year may be a day, unless one is above 31.
	doubt bool
	// twelfths says that cells are decimal years, of which one must be no quarter.
	twelfths bool
	// fiscal says that cells are a year and the one after it, which one cell alone does not show: 2011-12 is a month, too.
	fiscal bool
}

// Years of dates that are written in digits alone, and of years that stand alone.
const (
	minYear = 1500
	maxYear = 2199
)

// dates are the forms of dates. Between slashes and dashes either of day and month may be first, between points the day is.
var dates = forms(0, false,
	"%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y %m %d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%d. %m. %Y",
	"%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d.%m.%y",
	"%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d.%b.%Y", "%d%b%Y", "%d. %b %Y", "%d %b, %Y", "%b %d, %Y", "%b %d %Y", "%b-%d-%Y", "%b/%d/%Y", "%b. %d, %Y",
	"%Y-%b-%d", "%Y %b %d", "%Y/%b/%d", "%Y%b%d", "%d-%b-%y", "%d %b %y", "%d/%b/%y", "%d%b%y", "%b %d, %y",
	"%G-W%V-%u", "%GW%V-%u", "%GW%V%u", "%Y-%j",
	"%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%m.%Y", "%Y:%m", "%YM%m", "%Y-M%m", "%Y:M%m", "%Y M%m",
	"%b %Y", "%b-%Y", "%b/%Y", "%b.%Y", "%b, %Y", "%b. %Y", "%b%Y", "%b_%Y", "%Y %b", "%Y-%b", "%Y/%b", "%Y%b", "%Y.%b", "%Y, %b", "%Y_%b",
	"%YQ%q", "%Y-Q%q", "%Y Q%q", "%Y/Q%q", "%Y:Q%q", "%Y.Q%q", "%Y_Q%q", "%Y, Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y", "Q%q%Y", "Q%q.%Y", "Q%q, %Y", "Q%q_%Y",
	"%qQ%Y", "%qQ %Y", "%qQ-%Y", "%qQ/%Y", "Q%q-%y", "Q%q %y", "Q%q'%y", "%qQ%y", "%qQ %y", "%qQ-%y", "%yQ%q", "%y-Q%q",
	"%G-W%V", "%GW%V", "%G W%V", "%G/W%V", "W%V %G", "W%V-%G", "W%V/%G",
).with(forms(1, false, "%m.%d.%Y", "%m.%d.%y")).
	with(fiscal("FY%Y", "FY %Y", "FY%y", "FY %y", "FY'%y", "FY-%Y", "FY%Y/%+y", "FY %Y/%+y", "FY%Y-%+y", "FY %Y-%+y", "%Y/%+y", "%Y-%+y", "%Y–%+y", "%Y/%+Y",
		"%Y-%+Y", "%Y–%+Y", "%Y - %+Y", "%Y / %+Y")).
	with(forms(0, true, "%b-%y", "%b %y", "%b/%y", "%b'%y", "%b.%y", "%y-%b", "%y %b", "%y/%b"))

// compact are the forms in digits alone.
var compact = []form{{name: "%Y%m%d", digits: true}, {name: "%Y%m", digits: true}, {name: "%Y", digits: true}}

// Parts of a time of day: what stands before it, itself, and its zone.
var (
	gaps   = [...]string{"T", " ", ", ", "  ", "_", ":"}
	clocks = [...]string{"%H:%M:%9S", "%H:%M", "%H", "%I:%M:%9S %p", "%I:%M %p", "%I %p", "%I:%M:%9S%p", "%I:%M%p", "%I%p",
		"%H%M%9S", "%H%M", "%H.%M.%S", "%Hh%M"}
	zones = [...]string{"", "%z", " %z", " UTC", " GMT", "UTC", "GMT"}
	// tight are the times of day that stand beside a compact date without a gap.
	tight = [...]string{"%H%M%9S", "%H%M", "%H"}
	// names of the day may stand before a date.
	leads = [...]string{"", "%a, ", "%a ", "%a. "}
)

type formList []form

func forms(rank int, doubt bool, names ...string) formList {
	out := make(formList, len(names))
	for i, name := range names {
		out[i] = form{name: name, rank: rank, doubt: doubt}
	}
	return out
}

// fiscal are forms of years that begin in one of the calendar and end in the next.
func fiscal(names ...string) formList {
	out := forms(0, false, names...)
	for i := range out {
		out[i].fiscal = true
	}
	return out
}

func (l formList) with(more formList) formList { return append(l, more...) }

// candidates returns the layouts that a cell may have.
func candidates(s string) []*candidate {
	var out []*candidate
	if _, _, _, ok := decimal(s); ok {
		out = counted()
	}
	if len(s) > maxCell {
		return out
	}
	for _, lead := range leads {
		list, rest, ok := trace(nil, lead, s)
		if !ok {
			continue
		}
		for _, f := range dates {
			if date, rest, ok := trace(list, f.name, rest); ok {
				out = append(out, clocked(f, date, rest, gaps[:], clocks[:])...)
			}
		}
		for _, f := range compact {
			date, rest, ok := trace(list, f.name, rest)
			if !ok {
				continue
			}
			out = append(out, clocked(f, date, rest, gaps[:], clocks[:])...)
			if f.name == compact[0].name && rest != "" {
				out = append(out, clocked(f, date, rest, []string{""}, tight[:])...)
			}
		}
	}
	return out
}

// clocked returns the candidates of a date that was traced and what follows it.
func clocked(f form, date []directive, rest string, gaps, clocks []string) (out []*candidate) {
	if rest == "" {
		return append(out, newCandidate(f, date)...)
	}
	for _, zone := range zones { // of dates alone
		if list, rest, ok := trace(date, zone, rest); ok && rest == "" {
			out = append(out, newCandidate(f, list)...)
		}
	}
	for _, gap := range gaps {
		before, rest, ok := trace(date, gap, rest)
		if !ok {
			continue
		}
		for _, clock := range clocks {
			list, rest, ok := trace(before, clock, rest)
			if !ok {
				continue
			}
			for _, zone := range zones {
				if list, rest, ok := trace(list, zone, rest); ok && rest == "" {
					out = append(out, newCandidate(f, list)...)
				}
			}
		}
	}
	return out
}

// trace matches a name at the beginning of s and returns list, which it does not change, with its directives: the texts among them
// as s writes them.
func trace(list []directive, name, s string) (out []directive, rest string, ok bool) {
	more, err := directives(name)
	if err != nil {
		panic("when: " + name + ": " + err.Error())
	}
	out = append(out, list...)
	var f fields
	for _, d := range more {
		before := s
		if s, ok = f.match(&d, s); !ok {
			return nil, s, false
		}
		if d.letter == 0 {
			d.text = strings.Clone(before[:len(before)-len(s)])
			if n := len(out); n > 0 && out[n-1].letter == 0 {
				out[n-1].text += d.text
				continue
			}
		}
		out = append(out, d)
	}
	return out, s, true
}

// newCandidate returns the candidate of directives, or none where they amount to nothing.
func newCandidate(f form, list []directive) []*candidate {
	l, err := compile(append([]directive(nil), list...))
	if err != nil {
		return nil
	}
	return []*candidate{{form: f, layout: l, uniform: true, midnight: true}}
}

// counted returns the candidates of a number.
func counted() (out []*candidate) {
	for _, e := range counts {
		c := &candidate{form: form{rank: 1}, uniform: true, layout: Layout{name: e.name, kind: e.kind, count: e.count}}
		switch {
		case e.kind == Number:
			c.form.rank = 2
		case e.parts == 12:
			c.form = form{twelfths: true}
		case e.parts > 0, e.epoch != 0:
			continue // only where the name says so
		}
		out = append(out, c)
	}
	return out
}
