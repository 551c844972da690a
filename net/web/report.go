package web

import "embed"

//go:embed dist/app.css report/report.js
var reported embed.FS

// Report returns the sheet of the dashboard and the script of the report page, which draws the pictures of cmd/doin-node/report as the
// dashboard draws them. Both stand in a page between their tags as they are.
func Report() (sheet, script string) {
	css, err := reported.ReadFile("dist/app.css")
	if err != nil {
		panic(err) // it is a part of the program
	}
	js, err := reported.ReadFile("report/report.js")
	if err != nil {
		panic(err)
	}
	return string(css), string(js)
}
