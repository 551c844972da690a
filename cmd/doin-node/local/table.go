package local

import (
	"fmt"
	"io"
	"strings"
	"time"

	"doin.network/node/cmd/doin-node/score"
)

// screen shows the network: a table that is drawn over itself on a terminal, a
// line now and then elsewhere.
type screen struct {
	out      io.Writer
	terminal bool
	size     func() (columns, height int) // of a terminal; 0 where it is not known
	// columns and height are the terminal's size when the table was drawn last.
	columns, height int
	every           time.Duration // between two lines elsewhere
	drawn           int           // lines of the table on the terminal
	last            time.Duration // when the last line was written; negative before the first
}

// show draws the network as it is after elapsed.
func (s *screen) show(elapsed time.Duration, members []*member, last []sample) {
	if s.terminal {
		lines := table(elapsed, members, last)
		columns, height := s.size()
		if height > 1 && len(lines) >= height {
			lines = lines[:height-1] // what scrolled away cannot be drawn over
		}
		var b strings.Builder
		switch {
		case s.drawn > 0 && (columns != s.columns || height != s.height):
			b.WriteString("\x1b[2J\x1b[H") // the terminal has moved what stood there: begin anew
		case s.drawn > 0:
			fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
		}
		s.columns, s.height = columns, height
		for _, l := range lines {
			// A line that wrapped would count twice on the way back up.
			fmt.Fprintf(&b, "%s\x1b[K\n", cut(l, columns))
		}
		b.WriteString("\x1b[J")
		s.drawn = len(lines)
		io.WriteString(s.out, b.String())
		return
	}
	if s.last < 0 || elapsed-s.last >= s.every {
		s.last = elapsed
		fmt.Fprintln(s.out, line(elapsed, last))
	}
}

// table returns the lines of the live table.
func table(elapsed time.Duration, members []*member, last []sample) []string {
	of := fmt.Sprintf("doin network of %d nodes", len(members))
	if len(members) == 1 {
		of = "doin node alone"
	}
	out := []string{
		fmt.Sprintf("%s · %s · Ctrl-C stops", of, clock(elapsed)),
		"",
		fmt.Sprintf("%-4s %-12s %5s %5s %6s %5s %6s %11s %5s %6s %6s %12s  %s",
			"node", "peer", "port", "peers", "height", "final", "rounds", "evaluations", "busy", "others", "claims", "own best", "tip"),
	}
	for i, m := range members {
		s := last[i]
		if !s.answered {
			out = append(out, fmt.Sprintf("%-4d %-12.12s %5d %s", m.index, m.peerID, m.port, "starting"))
			continue
		}
		var evaluations int64
		best := any(nil)
		for _, d := range s.domains {
			evaluations += d.evaluations
			if best == nil {
				best = d.search
			}
		}
		out = append(out, fmt.Sprintf("%-4d %-12.12s %5d %5d %6d %5d %6d %11d %5s %6s %6d %12s  %.12s",
			m.index, m.peerID, m.port, s.peers, s.height, s.finalized, s.rounds(), evaluations,
			percent(s.busy), percent(s.busyOthers), s.open(), score.Figure(best), s.tipHash))
	}
	for i, m := range members {
		if why := last[i].outside; why != "" {
			out = append(out, fmt.Sprintf("node %d is no evaluator: %s", m.index, why))
		}
	}
	out = append(out, "")
	for _, d := range longest(last).domains {
		state := ""
		if d.converged { // its target is reached: no search, but claims of others are still verified
			state = " · converged, listening"
		}
		out = append(out, fmt.Sprintf("%s: verified best %s · %d accepted, %d rejected%s",
			d.id, score.Figure(d.verified), d.accepted, d.rejected, state))
		if c := championLine(&d, len(members)); c != "" {
			out = append(out, "  "+c)
		}
		if m := errorLine(&d); m != "" {
			out = append(out, "  "+m)
		}
	}
	return out
}

// championLine says what answers the inferences of a domain and who has verified it; "" while nothing does.
func championLine(d *domainSample, nodes int) string {
	c := d.champion
	if c == nil {
		return ""
	}
	how := "verified"
	switch {
	case c.solo:
		how = "solo: verified by its author alone"
	case !c.verified && nodes == 1 && !d.solo:
		how = "unverified: a node alone has no quorum"
	case !c.verified:
		how = "unverified: no quorum has agreed yet"
	}
	if c.z != nil {
		how += fmt.Sprintf(", %.1f standard errors above its base", c.z)
	}
	return fmt.Sprintf("champion %s, %s", score.Figure(c.performance), how)
}

// line is the table's gist.
func line(elapsed time.Duration, last []sample) string {
	up, rounds := 0, int64(0)
	tips := map[string]bool{}
	for i := range last {
		if last[i].answered {
			up++
			rounds += last[i].rounds()
			tips[last[i].tipHash] = true
		}
	}
	l := longest(last)
	agree := "one tip"
	if len(tips) > 1 {
		agree = fmt.Sprintf("%d tips", len(tips))
	}
	s := fmt.Sprintf("%s  %d of %d nodes up, height %d, %s, %d rounds", clock(elapsed), up, len(last), l.height, agree, rounds)
	if b, ok := meanBusy(last); ok {
		s += ", busy " + percent(b)
	}
	for _, d := range l.domains {
		s += fmt.Sprintf("; %s: verified best %s, %d accepted, %d rejected", d.id, score.Figure(d.verified), d.accepted, d.rejected)
		if c := championLine(&d, len(last)); c != "" && !d.champion.verified {
			s += ", " + c
		}
		if m := errorLine(&d); m != "" {
			s += ", " + m
		}
	}
	return s
}

// percent renders a share in whole percent, "–" for none.
func percent(v any) string {
	f, ok := score.Float(v)
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.0f%%", 100*f)
}

// meanBusy is the mean over the nodes that know it of the share that their threads trained, for whomever.
func meanBusy(last []sample) (mean float64, ok bool) {
	n := 0
	for i := range last {
		own, known := score.Float(last[i].busy)
		if !known {
			continue
		}
		others, _ := score.Float(last[i].busyOthers)
		mean += own + others
		n++
	}
	if n == 0 {
		return 0, false
	}
	return mean / float64(n), true
}

func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// cut shortens a line to a number of columns, 0 for no limit.
func cut(s string, columns int) string {
	r := []rune(s)
	if columns <= 0 || len(r) <= columns {
		return s
	}
	return string(r[:columns])
}
