package answer

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
)

// maxExpression limits the length of an expression, and so the digits of its value.
const maxExpression = 200

var (
	spokenOperators = strings.NewReplacer(
		" plus ", " + ", " minus ", " - ", " times ", " * ", " multiplied by ", " * ", " divided by ", " / ", "×", "*", "÷", "/", "−", "-",
	)
	dates       = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)
	expressions = regexp.MustCompile(`[-(\d.][-+*/().\d\s]*[\d)]`)
	binary      = regexp.MustCompile(`[\d)]\s*[-+*/]\s*[-(\d.]`)
)

// findExpression returns the first arithmetic expression in a text, such as "2+2" in
// "What is 2+2?".
func findExpression(text string) (string, bool) {
	text = dates.ReplaceAllString(spokenOperators.Replace(text), " _ ")
	for _, found := range expressions.FindAllString(text, -1) {
		if len(found) <= maxExpression && binary.MatchString(found) {
			if _, err := evaluate(found); err == nil || errors.Is(err, errZero) {
				return found, true
			}
		}
	}
	return "", false
}

// calculate answers a text with an arithmetic expression: "2 + 2 = 4."
func calculate(text string) (string, bool) {
	expression, ok := findExpression(text)
	if !ok {
		return "", false
	}
	value, err := evaluate(expression)
	if err != nil {
		return spaced(expression) + " has no value: it divides by zero.", true
	}
	number, exact := decimal(value)
	if !exact {
		return spaced(expression) + " ≈ " + number + ".", true
	}
	return spaced(expression) + " = " + number + ".", true
}

// decimal formats a number, rounded to ten decimal places. exact is false if rounding
// changed it.
func decimal(value *big.Rat) (number string, exact bool) {
	const places = 10
	number = value.FloatString(places)
	number = strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
	back, ok := new(big.Rat).SetString(number)
	return number, ok && back.Cmp(value) == 0
}

// spaced formats an expression with spaces around binary operators.
func spaced(expression string) string {
	var b strings.Builder
	last := byte('(')
	for _, c := range []byte(strings.Join(strings.Fields(expression), "")) {
		operator := strings.IndexByte("+-*/", c) >= 0
		if operator && strings.IndexByte("(+-*/", last) < 0 {
			b.WriteString(" " + string(c) + " ")
		} else {
			b.WriteByte(c)
		}
		last = c
	}
	return b.String()
}

var (
	errZero   = errors.New("division by zero")
	errSyntax = errors.New("not an expression")
)

// evaluate computes an expression of + - * / and parentheses exactly.
func evaluate(expression string) (*big.Rat, error) {
	p := &parser{rest: strings.Join(strings.Fields(expression), "")}
	value, err := p.sum()
	if err == nil && p.rest != "" {
		err = errSyntax
	}
	return value, err
}

// parser is a recursive descent parser. rest is the input that is left.
type parser struct{ rest string }

// take consumes and returns the next character if it is one of operators, else 0.
func (p *parser) take(operators string) byte {
	if p.rest == "" || strings.IndexByte(operators, p.rest[0]) < 0 {
		return 0
	}
	c := p.rest[0]
	p.rest = p.rest[1:]
	return c
}

func (p *parser) sum() (*big.Rat, error) {
	value, err := p.product()
	for err == nil {
		operator := p.take("+-")
		if operator == 0 {
			return value, nil
		}
		var next *big.Rat
		if next, err = p.product(); err != nil {
			break
		}
		if operator == '+' {
			value.Add(value, next)
		} else {
			value.Sub(value, next)
		}
	}
	return nil, err
}

func (p *parser) product() (*big.Rat, error) {
	value, err := p.factor()
	for err == nil {
		operator := p.take("*/")
		if operator == 0 {
			return value, nil
		}
		var next *big.Rat
		if next, err = p.factor(); err != nil {
			break
		}
		switch {
		case operator == '*':
			value.Mul(value, next)
		case next.Sign() == 0:
			err = errZero
		default:
			value.Quo(value, next)
		}
	}
	return nil, err
}

func (p *parser) factor() (*big.Rat, error) {
	switch {
	case p.take("-") != 0:
		value, err := p.factor()
		if err != nil {
			return nil, err
		}
		return value.Neg(value), nil
	case p.take("(") != 0:
		value, err := p.sum()
		if err == nil && p.take(")") == 0 {
			err = errSyntax
		}
		return value, err
	}
	return p.number()
}

func (p *parser) number() (*big.Rat, error) {
	end := 0
	for end < len(p.rest) && (p.rest[end] >= '0' && p.rest[end] <= '9' || p.rest[end] == '.') {
		end++
	}
	digits := p.rest[:end]
	p.rest = p.rest[end:]
	value, ok := new(big.Rat).SetString(digits)
	if !ok {
		return nil, errSyntax
	}
	return value, nil
}
