package when

import (
	"fmt"
	"strings"
)

// refusal says why a text that no layout reads is none, where there is more to say than that; else it is empty.
func refusal(s string) string {
	word := lastWord(s)
	switch {
	case s == "":
		return "missing"
	case len(s) > maxCell:
		return fmt.Sprintf("longer than %d bytes", maxCell)
	case strings.Contains(s, "24:00"):
		return "hour 24 is not read: write 00:00 of the next day"
	case strings.Contains(s, ":60"):
		return "a leap second is not read: write second 59 or the next minute"
	case strings.HasSuffix(s, "]"):
		return "a zone by name is not read: the offset before it is enough"
	case strings.Contains(s, ":") && strings.ContainsAny(s, "0123456789") && word != "" && !known(word):
		return fmt.Sprintf("the zone %.40s is not read: write an offset from UTC, like +01:00", word)
	}
	if word := foreign(s); word != "" && strings.ContainsAny(s, "0123456789") {
		return fmt.Sprintf("%.40q is no English name of a month: write months as numbers", word)
	}
	return ""
}

// lastWord returns the letters, signs and slashes of a zone's name at the end of s.
func lastWord(s string) string {
	i := len(s)
	for i > 0 && (isLetter(s[i-1]) || s[i-1] == '/' || s[i-1] == '_') {
		i--
	}
	return strings.Trim(s[i:], "/_")
}

// known reports whether a word at the end of a time may stand there.
func known(word string) bool {
	for _, w := range [...]string{"z", "utc", "gmt", "am", "pm", "t"} {
		if strings.EqualFold(word, w) {
			return true
		}
	}
	return false
}

// foreign returns the first word of s that is no name of a month or day of the week, nor a mark.
func foreign(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r < 0x80 && !isLetter(byte(r)) })
	for _, w := range words {
		var f fields
		_, month := f.name(w, months[:], &f.month)
		_, day := f.name(w, weekdays[:], &f.named)
		if len(w) > 2 && !month && !day && !known(w) {
			return w
		}
	}
	return ""
}
