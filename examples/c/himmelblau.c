/* A domain in C: Himmelblau's function, whose four best are 0. It only evaluates; doin-worker searches for it.
 *
 *   cc -O2 -o himmelblau himmelblau.c -lm && doin-worker conformance -- ./himmelblau
 *
 * It speaks the worker protocol (compute/worker/PROTOCOL.md) with tables as JSON lines, and reads of JSON no more than it needs: members
 * of known names, anywhere in the text. Jobs are evaluated as they come: a second program of this kind with longer ones
 * would answer telemetry on a thread of its own.
 */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER = 1 << 20, MAX_BODY = 64 << 20 };

static const char *WHO = "{\"protocol\": 2, \"name\": \"himmelblau\", \"version\": \"1\", \"device\": \"c\", \"has_gpu\": false, \"workers\": 1, "
                         "\"plugins\": [\"himmelblau\"], \"capabilities\": [\"evaluate_only\", \"json_lines\"]}";
static const char *INFO = "{\"plugin\": \"himmelblau\", \"data_hash\": \"none\", \"performance_metric\": \"height\", \"higher_is_better\": true, "
                          "\"strategy\": \"ga\", \"contract\": \"\", \"deterministic\": true, \"baselines\": {}, \"defaults\": {}, \"space\": ["
                          "{\"name\": \"x\", \"kind\": \"real\", \"low\": -5.0, \"high\": 5.0}, "
                          "{\"name\": \"y\", \"kind\": \"real\", \"low\": -5.0, \"high\": 5.0}]}";

static char domains[256][256];
static int ndomains;

/* value returns what follows "name": in a text, NULL if there is no such member. */
static const char *value(const char *text, const char *name) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *p = strstr(text, key);
  if (!p) return NULL;
  for (p += strlen(key); *p == ' '; p++) {
  }
  return p;
}

/* text_of copies a string member without escapes into out; 0 if there is none. */
static int text_of(const char *text, const char *name, char *out, size_t size) {
  const char *p = value(text, name);
  if (!p || *p != '"') return 0;
  size_t n = strcspn(p + 1, "\"\\");
  if (n >= size || p[1 + n] != '"') return 0;
  memcpy(out, p + 1, n);
  out[n] = 0;
  return 1;
}

static void send_frame(long v, unsigned long long id, const char *verb, const char *kind, const char *data, const char *body) {
  size_t size = strlen(data) + 512;
  char *head = malloc(size);
  if (!head) exit(1);
  int n = snprintf(head, size, "{\"v\": %ld, \"id\": %llu, \"verb\": \"%s\", \"kind\": \"%s\", \"data\": %s, \"body\": \"json_lines\"}", v, id, verb, kind, data);
  unsigned char prefix[12];
  uint64_t b = body ? strlen(body) : 0;
  for (int i = 0; i < 4; i++) prefix[i] = (unsigned char)((uint32_t)n >> (8 * i));
  for (int i = 0; i < 8; i++) prefix[4 + i] = (unsigned char)(b >> (8 * i));
  fwrite(prefix, 1, 12, stdout);
  fwrite(head, 1, (size_t)n, stdout);
  if (b) fwrite(body, 1, b, stdout);
  fflush(stdout);
  free(head);
}

static void send_error(long v, unsigned long long id, const char *verb, const char *code, const char *message) {
  char data[256];
  snprintf(data, sizeof data, "{\"code\": \"%s\", \"message\": \"%s\"}", code, message);
  send_frame(v, id, verb, "error", data, NULL);
}

/* gene reads a real out of a recipe, which is JSON within a string of JSON: \"x\": 0.5 */
static int gene(const char *line, const char *name, double *out) {
  char key[16];
  snprintf(key, sizeof key, "\\\"%s\\\":", name);
  const char *p = strstr(line, key);
  if (!p) return 0;
  char *end;
  *out = strtod(p + strlen(key), &end);
  return end != p + strlen(key) && *out >= -5 && *out <= 5;
}

/* evaluate answers each line of a table but the first; NULL if it is no table. */
static char *evaluate(char *body) {
  if (body[0] != '{') return NULL;
  size_t size = 64, used;
  for (char *p = body; *p; p++) size += *p == '\n' ? 512 : 0;
  char *out = malloc(size + 512);
  if (!out) exit(1);
  used = (size_t)sprintf(out, "{}\n");
  strtok(body, "\n");
  for (char *line = strtok(NULL, "\n"); line; line = strtok(NULL, "\n")) {
    double x, y;
    if (!gene(line, "x", &x) || !gene(line, "y", &y)) {
      used += (size_t)sprintf(out + used, "{\"error_code\": \"refused\", \"error_message\": \"not a recipe of x and y\"}\n");
      continue;
    }
    double f = -(pow(x * x + y - 11, 2) + pow(x + y * y - 7, 2));
    used += (size_t)sprintf(out + used, "{\"performance\": %.17g, \"digest\": \"%.17g %.17g %.17g\", \"metrics\": \"{}\"}\n", f, x, y, f);
  }
  return out;
}

static int configured(const char *domain) {
  for (int i = 0; i < ndomains; i++)
    if (!strcmp(domains[i], domain)) return 1;
  return 0;
}

static void answer(long v, unsigned long long id, const char *verb, const char *head, char *body) {
  char domain[256] = "", plugin[256] = "";
  const char *data = value(head, "data");
  int named = data && text_of(data, "domain", domain, sizeof domain);
  if (!strcmp(verb, "configure")) {
    if (!named || !text_of(data, "plugin", plugin, sizeof plugin) || strcmp(plugin, "himmelblau") || (ndomains == 256 && !configured(domain))) {
      send_error(v, id, verb, "refused", "unknown plugin");
      return;
    }
    if (!configured(domain)) strcpy(domains[ndomains++], domain);
    send_frame(v, id, verb, "reply", INFO, NULL);
  } else if (named && !configured(domain)) {
    send_error(v, id, verb, "unknown_domain", "not configured");
  } else if (!strcmp(verb, "describe")) {
    send_frame(v, id, verb, "reply", named ? INFO : WHO, NULL);
  } else if (!strcmp(verb, "telemetry")) {
    send_frame(v, id, verb, "reply", "{\"device\": \"c\"}", NULL);
  } else if (!strcmp(verb, "evaluate")) {
    char *rows = evaluate(body);
    if (rows)
      send_frame(v, id, verb, "reply", "{}", rows);
    else
      send_error(v, id, verb, "bad_request", "no table of JSON lines");
    free(rows);
  } else {
    send_error(v, id, verb, "unsupported", "this program only evaluates");
  }
}

int main(void) {
  signal(SIGINT, SIG_IGN);
  for (;;) {
    unsigned char prefix[12];
    size_t got = fread(prefix, 1, 12, stdin);
    if (got < 12) return got > 0;
    uint64_t h = 0, b = 0;
    for (int i = 0; i < 4; i++) h |= (uint64_t)prefix[i] << (8 * i);
    for (int i = 0; i < 8; i++) b |= (uint64_t)prefix[4 + i] << (8 * i);
    if (h > MAX_HEADER || b > MAX_BODY) return 1;
    char *head = calloc(h + 1, 1), *body = calloc(b + 1, 1);
    if (!head || !body || fread(head, 1, h, stdin) < h || fread(body, 1, b, stdin) < b) return 1;
    char verb[64] = "", kind[64] = "";
    const char *id = value(head, "id"), *v = value(head, "v");
    if (!id || !v || !text_of(head, "kind", kind, sizeof kind)) {
      send_error(1, 0, "", "bad_frame", "no header");
    } else if (!strcmp(kind, "request") && text_of(head, "verb", verb, sizeof verb)) {
      if (!strcmp(verb, "shutdown")) {
        send_frame(atol(v), strtoull(id, NULL, 10), verb, "reply", "{}", NULL);
        return 0;
      }
      answer(atol(v), strtoull(id, NULL, 10), verb, head, body);
    }
    free(head);
    free(body);
  }
}
