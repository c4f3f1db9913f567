// Package validate refuses what the Converse service refuses. Its rules are the
// service's, from its model and its documentation, and know of no client.
package validate
