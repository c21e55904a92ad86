/* SPDX-License-Identifier: BSD-3-Clause */
/* An echo server: greets each client with the stack's version, and sends back what it gets. The
 * tests are in client.py. */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <lwip/init.h>

#define PORT 7
#define CLIENTS 32
#define BUFFER 16384

static struct pollfd sockets[CLIENTS + 1];
static char buffer[BUFFER];

static int listening(void)
{
	const struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	const int one = 1, server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (server < 0 || setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0
	    || bind(server, (const struct sockaddr *)&here, sizeof(here)) < 0
	    || listen(server, CLIENTS) < 0)
		return -1;
	return server;
}

static int send_all(int client, const char *data, size_t size)
{
	while (size) {
		struct pollfd writable = { .fd = client, .events = POLLOUT };
		const ssize_t sent = write(client, data, size);

		if (sent < 0 && errno == EAGAIN && poll(&writable, 1, -1) > 0)
			continue;
		if (sent <= 0)
			return -1;
		data += sent;
		size -= sent;
	}
	return 0;
}

static void greet(int server)
{
	const int client = accept4(server, NULL, NULL, SOCK_NONBLOCK);
	char text[64];

	if (client < 0)
		return;
	snprintf(text, sizeof(text), "lwip %s %u\n", LWIP_VERSION_STRING, (unsigned int)LWIP_VERSION);
	for (int i = 1; i <= CLIENTS; i++)
		if (sockets[i].fd < 0 && !send_all(client, text, strlen(text))) {
			sockets[i].fd = client;
			return;
		}
	close(client);
}

static void echo(struct pollfd *client)
{
	const ssize_t got = read(client->fd, buffer, sizeof(buffer));

	if (got > 0 && !send_all(client->fd, buffer, got))
		return;
	if (got < 0 && errno == EAGAIN) /* a socket may be called ready when it is not */
		return;
	close(client->fd);
	client->fd = -1;
}

int main(void)
{
	const int server = listening();

	if (server < 0) {
		printf("no server: %s\n", strerror(errno));
		return 1;
	}
	sockets[0] = (struct pollfd){ .fd = server, .events = POLLIN };
	for (int i = 1; i <= CLIENTS; i++)
		sockets[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	printf("listening\n");
	while (poll(sockets, CLIENTS + 1, -1) > 0) {
		for (int i = 1; i <= CLIENTS; i++)
			if (sockets[i].fd >= 0 && sockets[i].revents)
				echo(&sockets[i]);
		if (sockets[0].revents)
			greet(server);
	}
	printf("poll: %s\n", strerror(errno));
	return 1;
}
