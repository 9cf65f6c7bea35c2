package aws

import (
	"encoding/base32"
	"encoding/binary"
	"strconv"
)

// An access key id is a prefix of four letters and sixteen base32 digits, ten
// bytes. As in AWS's own, bits 1 to 40 are the account's number, so that the id
// alone tells where its row is.
const (
	keyPrefixLength = 4
	keyLength       = 20
	accountShift    = 7
	accountBits     = 40
)

// NewKeyID makes an access key id of an account. The prefix is AKIA for a
// long-term key, ASIA for a temporary one.
func NewKeyID(r Random, prefix string, account Account) string {
	n, err := strconv.ParseUint(string(account), 10, accountBits)
	if err != nil {
		panic("aws: not an account: " + string(account))
	}
	var b [10]byte
	random := r.Uint64()
	head := 1<<(accountShift+accountBits) | n<<accountShift | random&(1<<accountShift-1)
	for i := range 6 {
		b[i] = byte(head >> (8 * (5 - i)))
	}
	binary.BigEndian.PutUint32(b[6:], uint32(random>>accountShift))
	return prefix + base32.StdEncoding.EncodeToString(b[:])
}

// AccountOfKey is the account that an access key id belongs to.
func AccountOfKey(keyID string) (Account, bool) {
	if len(keyID) != keyLength {
		return "", false
	}
	var b [10]byte
	if _, err := base32.StdEncoding.Decode(b[:], []byte(keyID[keyPrefixLength:])); err != nil {
		return "", false
	}
	var head uint64
	for i := range 6 {
		head = head<<8 | uint64(b[i])
	}
	n := head >> accountShift & (1<<accountBits - 1)
	var digits [accountDigits]byte
	for i := range digits {
		digits[accountDigits-1-i] = '0' + byte(n%10)
		n /= 10
	}
	return Account(digits[:]), n == 0
}
