/** What a message is made of: text is UTF-8 on the wire (RFC 6455 §5.6). */
export type MessageType = 'text' | 'binary'
