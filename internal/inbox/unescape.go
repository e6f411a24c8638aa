package inbox

import "encoding/json"

// unescape resolves escapes and invalid UTF-8 as encoding/json does; raw has
// been checked. Ids and types of events have none, so this is no hot path.
func unescape(raw []byte) (string, error) {
	quoted := make([]byte, 0, len(raw)+2)
	quoted = append(quoted, '"')
	quoted = append(quoted, raw...)
	quoted = append(quoted, '"')
	var s string
	err := json.Unmarshal(quoted, &s)
	return s, err
}
