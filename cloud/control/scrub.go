package control

// Scrub is what was found by holding bytes at rest against their checksums.
type Scrub struct {
	Objects int64    `json:"objects"` // that were checked, versions and uploads included
	Bytes   int64    `json:"bytes"`
	Damaged []Damage `json:"damaged"`
}

// Damage tells of an object whose bytes are not those that were stored.
type Damage struct {
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`
	Version string `json:"version,omitempty"`
	Upload  string `json:"upload,omitempty"` // of an upload that is not complete
	What    string `json:"what"`             // was found
}
