/* A disk that takes 20 ms longer to say that what was written is safe. To be preloaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int slow(const char *name, int fd) {
  struct timespec wait = {0, 20 * 1000 * 1000};
  nanosleep(&wait, 0);
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  return real(fd);
}

int fsync(int fd) { return slow("fsync", fd); }
int fdatasync(int fd) { return slow("fdatasync", fd); }
