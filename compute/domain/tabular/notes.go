package tabular

import (
	"fmt"
	"strings"
)

// maxNamed is the number of columns that a note names.
const maxNamed = 8

// remarks are sentences about columns: those that share one are named together.
type remarks struct {
	verb  string // what became of the columns: "dropped"
	texts []string
	names map[string][]string
}

func (r *remarks) add(text, name string) {
	if r.names == nil {
		r.names = map[string][]string{}
	}
	if r.names[text] == nil {
		r.texts = append(r.texts, text)
	}
	r.names[text] = append(r.names[text], name)
}

// notes returns the sentences in the order in which the first of each came.
func (r *remarks) notes() (out []string) {
	for _, text := range r.texts {
		out = append(out, fmt.Sprintf("%s%s: %s", r.verb, columnList(r.names[text]), text))
	}
	return out
}

// columnList names columns, not all of very many.
func columnList(names []string) string {
	if len(names) > 1 {
		return "columns " + nameList(names)
	}
	return "column " + nameList(names)
}

// nameList quotes names, not all of very many.
func nameList(names []string) string {
	more := ""
	if n := len(names) - maxNamed; n > 0 {
		names, more = names[:maxNamed], fmt.Sprintf(" and %d more", n)
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%.80q", name)
	}
	return strings.Join(quoted, ", ") + more
}
