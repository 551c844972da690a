package olap

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// The tables are written as structs: a row is a struct, a field of it with these tags is a column, and there is no other
// list of them.
//
//	json  the column's name; omitempty makes it nullable, its zero value NULL
//	olap  the schema version that brought it, or csv for a column of the CSV file alone; then, after commas, key, notnull,
//	      time for a time of day, ref=TABLE and default=LITERAL. A field whose tag is "-" is no column.
//	doc   the column's description
//
// The type is the field's: string, JSON, int64, uint64, float64, bool, or a pointer to one, nil being NULL. A field that is
// a struct stands for its fields, its olap tag being what their names begin with.

// Metadata keys of the fields of an Arrow schema.
const (
	MetaDescription = "description"
	MetaSince       = "since" // the schema version; the reference's are up to ReferenceVersion
	MetaJSON        = "json"  // "true": the text is one JSON value
	MetaTime        = "time"  // "true": the text is a time of day in UTC, ISO 8601
)

// Column is one column of a table: the field of the Arrow schema, and what a database must know besides.
type Column struct {
	arrow.Field        // name, type, whether it may be null; description and version are its metadata
	Key         bool   // of the primary key, which is the table's first column or its first two
	NotNull     bool   // declared NOT NULL
	Default     string // SQL literal a new or migrated row gets where no value is given; "" for none
	Ref         string // the table whose primary key this column names, or ""
	Since       int    // schema version that brought the column, 1 to SchemaVersion; 0: only the CSV file has it

	index []int // the struct's field, as package reflect counts
}

// Description says what the column holds, in a few words.
func (c *Column) Description() string { return c.meta(MetaDescription) }

// JSON reports whether the column's text is one JSON value.
func (c *Column) JSON() bool { return c.meta(MetaJSON) != "" }

// Time reports whether the column's text is a time of day.
func (c *Column) Time() bool { return c.meta(MetaTime) != "" }

func (c *Column) meta(key string) string {
	v, _ := c.Metadata.GetValue(key)
	return v
}

// Value returns the column's value in row, a pointer to the table's struct: nil, or a string, int64, uint64, float64 or bool.
func (c *Column) Value(row any) any {
	v := reflect.ValueOf(row).Elem().FieldByIndex(c.index)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	} else if c.Nullable && v.IsZero() {
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String() // of a JSON too
	case reflect.Int64:
		return v.Int()
	}
	return v.Interface()
}

// Index is a secondary index over a column, or over several, separated by commas.
type Index struct {
	Name, Column string
}

// Table is one table of the star schema.
type Table struct {
	Name    string
	Schema  *arrow.Schema
	Columns []Column // those of Schema: the reference's, in its order, then ours
	Indexes []Index

	csvOnly []Column
}

// newTable makes the table of the struct Row. It panics on a field that it cannot read: a bug of this package.
func newTable[Row any](name string, indexes ...Index) *Table {
	t := &Table{Name: name, Indexes: indexes}
	t.add(reflect.TypeFor[Row](), nil, "")
	fields := make([]arrow.Field, len(t.Columns))
	for i := range t.Columns {
		fields[i] = t.Columns[i].Field
	}
	t.Schema = arrow.NewSchema(fields, nil)
	return t
}

func (t *Table) add(row reflect.Type, index []int, prefix string) {
	for i := range row.NumField() {
		f := row.Field(i)
		if f.Tag.Get("olap") == "-" {
			continue
		}
		at := append(index[:len(index):len(index)], i)
		if f.Type.Kind() == reflect.Struct {
			t.add(f.Type, at, prefix+f.Tag.Get("olap"))
			continue
		}
		c, err := newColumn(f, prefix)
		if err != nil {
			panic(fmt.Sprintf("olap: table %s: %s.%s: %v", t.Name, row, f.Name, err))
		}
		c.index = at
		if c.Since == 0 {
			t.csvOnly = append(t.csvOnly, c)
		} else {
			t.Columns = append(t.Columns, c)
		}
	}
}

// newColumn reads the tags of a field.
func newColumn(f reflect.StructField, prefix string) (Column, error) {
	name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
	c := Column{Field: arrow.Field{Name: prefix + name, Nullable: option == "omitempty"}}
	keys, values := []string{MetaDescription}, []string{f.Tag.Get("doc")}
	if name == "" || values[0] == "" {
		return c, fmt.Errorf("no name or no description")
	}
	goType := f.Type
	if goType.Kind() == reflect.Pointer {
		goType, c.Nullable = goType.Elem(), true
	}
	if goType == reflect.TypeFor[JSON]() {
		keys, values, c.Nullable = append(keys, MetaJSON), append(values, "true"), true
	}
	types := map[reflect.Kind]arrow.DataType{
		reflect.String: arrow.BinaryTypes.String, reflect.Bool: arrow.FixedWidthTypes.Boolean, reflect.Int64: arrow.PrimitiveTypes.Int64,
		reflect.Uint64: arrow.PrimitiveTypes.Uint64, reflect.Float64: arrow.PrimitiveTypes.Float64,
	}
	if c.Type = types[goType.Kind()]; c.Type == nil {
		return c, fmt.Errorf("no column can hold %s", f.Type)
	}
	words := strings.Split(f.Tag.Get("olap"), ",")
	if words[0] != "csv" {
		since, err := strconv.Atoi(words[0])
		if err != nil {
			return c, err
		}
		c.Since, keys, values = since, append(keys, MetaSince), append(values, words[0])
	}
	for _, word := range words[1:] {
		word, value, _ := strings.Cut(word, "=")
		switch word {
		case "key":
			c.Key = true
		case "notnull":
			c.NotNull = true
		case "time":
			keys, values = append(keys, MetaTime), append(values, "true")
		case "ref":
			c.Ref = value
		case "default":
			c.Default = value
		default:
			return c, fmt.Errorf("what is %q", word)
		}
	}
	c.Metadata = arrow.NewMetadata(keys, values)
	return c, nil
}

// Keys returns the names of the primary key's columns.
func (t *Table) Keys() []string {
	var names []string
	for i := range t.Columns {
		if t.Columns[i].Key {
			names = append(names, t.Columns[i].Name)
		}
	}
	return names
}

// OfChain reports whether the table's rows are those of blocks, which leave with them.
func (t *Table) OfChain() bool { return t.Column("block_height") != nil }

// Since is the schema version that brought the table.
func (t *Table) Since() int { return t.Columns[0].Since }

// Names returns the names of the columns that version knows, in order.
func (t *Table) Names(version int) []string {
	names := make([]string, 0, len(t.Columns))
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Since <= version {
			names = append(names, c.Name)
		}
	}
	return names
}

// Column returns the column of a name, one that only the CSV file has included, or nil.
func (t *Table) Column(name string) *Column {
	for _, columns := range [][]Column{t.Columns, t.csvOnly} {
		for i := range columns {
			if columns[i].Name == name {
				return &columns[i]
			}
		}
	}
	return nil
}

// Values returns the columns' values in row, a pointer to the table's struct, in order.
func (t *Table) Values(row any) []any {
	values := make([]any, len(t.Columns))
	for i := range t.Columns {
		values[i] = t.Columns[i].Value(row)
	}
	return values
}

// notFinite returns the name of a column of row that holds a NaN or an infinity, "" for none.
func (t *Table) notFinite(row any) string {
	for _, columns := range [][]Column{t.Columns, t.csvOnly} {
		for i := range columns {
			if x, ok := columns[i].Value(row).(float64); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
				return columns[i].Name
			}
		}
	}
	return ""
}
