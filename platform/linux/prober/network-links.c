/* Links of one's own, made by netlink. Only of kinds that the kernel has: an unknown one would have it load a module.
 */
#include "netlink.h"
#include "network.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

static const char *const kinds[] = {"veth", "dummy"};

static void put_kind(struct request *request, const char *kind)
{
    const size_t information = begin_nested(request, IFLA_LINKINFO);
    put_text_attribute(request, IFLA_INFO_KIND, kind);
    end_nested(request, information);
}

/*
 * 1 where the kernel has links of this kind. A dump of links filtered by kind (Linux 4.4) looks the kind up without
 * loading anything; for one that is not there the filter is void, and the loopback link, which has no kind, is listed.
 */
static long is_known(long socket, const char *kind)
{
    static _Alignas(4) unsigned char answer[16384];
    const struct ifinfomsg header = {.ifi_family = 0};
    struct request request = {.length = 0};
    begin_message(&request, RTM_GETLINK, NLM_F_DUMP, &header, sizeof header);
    put_kind(&request, kind);
    const long sent = send_request(socket, &request);
    if (sent < 0)
        return sent;
    bool lists_links = false;
    for (;;) {
        const long length = kernel_call(__NR_recvfrom, socket, answer, sizeof answer, 0, 0, 0);
        if (length < (long)sizeof(struct nlmsghdr))
            return length < 0 ? length : -EBADMSG;
        for (long at = 0; at + (long)sizeof(struct nlmsghdr) <= length;) {
            struct nlmsghdr message;
            memcpy(&message, answer + at, sizeof message);
            if (message.nlmsg_type == NLMSG_ERROR)
                return -EPROTO;
            if (message.nlmsg_type == NLMSG_DONE)
                return !lists_links;
            if (message.nlmsg_len < sizeof message)
                return -EBADMSG;
            lists_links = true;
            at += (long)NLMSG_ALIGN(message.nlmsg_len);
        }
    }
}

static long make_link(long socket, const char *kind)
{
    const struct ifinfomsg header = {.ifi_family = 0};
    struct request request = {.length = 0};
    begin_message(&request, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
    put_kind(&request, kind);
    return send_request(socket, &request);
}

static void report_kind(long socket, const char *kind)
{
    char step[32] = "link-";
    copy_text(step + strlen(step), 16, kind);
    const size_t length = strlen(step);
    copy_text(step + length, sizeof "-known", "-known");
    const long known = is_known(socket, kind);
    report(step, known);
    step[length] = '\0';
    if (known == 1)
        report(step, make_link(socket, kind));
}

void report_links(void)
{
    const long socket = open_netlink(NETLINK_ROUTE);
    report("link-socket", socket < 0 ? socket : 0);
    if (socket < 0)
        return;
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++)
        report_kind(socket, kinds[index]);
    kernel_call(__NR_close, socket);
}
