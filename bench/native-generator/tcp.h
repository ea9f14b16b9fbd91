/* TCP to a port of 127.0.0.1, without blocking and without Nagle's delay. */
#ifndef TCP_H
#define TCP_H

#include <stddef.h>
#include <stdint.h>

enum { CHUNK_BYTES = 256 * 1024 };

/* One space for all reads: a chunk is done with before the next. */
extern uint8_t chunk[CHUNK_BYTES];

/* A socket whose connection comes about, or -1 with errno. */
int tcp_connect(int port);
/* 0, or the error with which the connection failed. */
int tcp_connect_error(int fd);
/* Lets this process have as many sockets as the machine allows. */
void tcp_raise_file_limit(void);

#endif
