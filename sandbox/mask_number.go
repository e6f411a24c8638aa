package sandbox

// shortestNumber is the length from which a run of digits may be a card number.
const shortestNumber = 12

// maskNumbers hides what may be a card number, so that no error repeats one: all but the last four digits of a long run,
// spaces and hyphens between digits included.
func maskNumbers(s string) string {
	var out []byte
	for i := 0; i < len(s); {
		end, digits := numberRun(s[i:])
		if digits < shortestNumber {
			n := max(end, 1)
			if out != nil {
				out = append(out, s[i:i+n]...)
			}
			i += n
			continue
		}
		if out == nil {
			out = append([]byte{}, s[:i]...)
		}
		for j, left := i, digits; j < i+end; j++ {
			if c := s[j]; c < '0' || c > '9' {
				continue
			} else if left--; left >= 4 {
				out = append(out, '*')
			} else {
				out = append(out, c)
			}
		}
		i += end
	}
	if out == nil {
		return s
	}
	return string(out)
}

// numberRun is the length of the run of digits that s begins with, and how many they are.
func numberRun(s string) (end, digits int) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
			end = i + 1
		case (c == ' ' || c == '-') && digits > 0:
		default:
			return end, digits
		}
	}
	return end, digits
}
