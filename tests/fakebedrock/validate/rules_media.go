package validate

import (
	"fmt"
	"regexp"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

const (
	maxImages     = 20
	maxDocuments  = 5
	maxImageSize  = 3_750_000
	maxDocumentMB = 4_500_000
)

// mediaCount limits the images and documents of a message.
func mediaCount(r *request) string {
	for i, m := range r.Messages {
		images, documents := 0, 0
		for _, b := range m.Content {
			if b.Image != nil {
				images++
			}
			if b.Document != nil {
				documents++
			}
		}
		switch {
		case images > maxImages:
			return fmt.Sprintf("The message at messages.%d has %d images, more than %d. Remove some and try again.", i, images, maxImages)
		case documents > maxDocuments:
			return fmt.Sprintf("The message at messages.%d has %d documents, more than %d. Remove some and try again.", i, documents, maxDocuments)
		}
	}
	return ""
}

// mediaSize limits the size of each image and document.
func mediaSize(r *request) string {
	for i, m := range r.Messages {
		for j, b := range m.Content {
			switch {
			case b.Image != nil && b.Image.Source.Size() > maxImageSize:
				return fmt.Sprintf("The image at messages.%d.content.%d is larger than 3.75 MB. Make it smaller and try again.", i, j)
			case b.Document != nil && b.Document.Source.Size() > maxDocumentMB:
				return fmt.Sprintf("The document at messages.%d.content.%d is larger than 4.5 MB. Make it smaller and try again.", i, j)
			}
		}
	}
	return ""
}

// documentText: a message with a document needs text.
func documentText(r *request) string {
	for _, m := range r.Messages {
		document, spoken := false, false
		for _, b := range m.Content {
			document = document || b.Document != nil
			spoken = spoken || b.Text != nil && !blank(*b.Text)
		}
		if document && !spoken {
			return "A text block must be included when using documents."
		}
	}
	return ""
}

var (
	documentName = regexp.MustCompile(`^[A-Za-z0-9_\s()\[\]-]+$`)
	manySpaces   = regexp.MustCompile(`\s\s`)
)

// documentNames limits the characters of names and requires unique names.
func documentNames(r *request) string {
	seen := map[string]bool{}
	for i, m := range r.Messages {
		for j, b := range m.Content {
			for _, d := range documents(b) {
				at := fmt.Sprintf("messages.%d.content.%d", i, j)
				switch {
				case !documentName.MatchString(d.Name) || manySpaces.MatchString(d.Name) || strings.TrimSpace(d.Name) == "":
					return fmt.Sprintf("The document file name at %s can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. The name can't contain more than one consecutive whitespace character.", at)
				case seen[d.Name]:
					return "Messages can't contain duplicate document names. Rename the document and retry your request."
				}
				seen[d.Name] = true
			}
		}
	}
	return ""
}

// documents returns the documents of a block, including those in tool results.
func documents(b converse.Block) []*converse.Document {
	if b.Document != nil {
		return []*converse.Document{b.Document}
	}
	if b.ToolResult == nil {
		return nil
	}
	var list []*converse.Document
	for _, c := range b.ToolResult.Content {
		if c.Document != nil {
			list = append(list, c.Document)
		}
	}
	return list
}
