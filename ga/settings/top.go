package settings

// Top returns the names that may stand at the top of a domain's configuration: those of the table but the nested ones, and "island_settings". A
// domain is told of them, so that it leaves them alone and suggests them for mistyped ones.
func Top() []string {
	out := []string{IslandSettings}
	for i := range keys {
		if !keys[i].Nested {
			out = append(out, keys[i].Name)
		}
	}
	return out
}
