package sandbox

// account is one merchant: its objects, its clock, its events. A key's suffix names it.
type account struct {
	sandbox *Sandbox
	object  *Object
	objects map[objectKey]*Object
	ids     map[string][]string
}
